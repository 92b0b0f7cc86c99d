"""What is found for what, in what order: names as registers have them, queries as people type them."""

from __future__ import annotations

import pytest

from function_backend.events.recording import EventRecorder
from function_backend.kernel.clock import SystemClock
from function_backend.persistence.engine import Database
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.slice import EVENT_PAYLOADS
from tests.factories.directory import Directory

_REGISTER = (
    "Müller Maschinenbau GmbH",
    "Müller & Söhne Metallbau GmbH & Co. KG",
    "Mueller Industries, Inc.",
    "Möller Maschinenfabrik AG",
    "Maschinenbau Schneider GmbH",
    "Global Trading LLC",
    "Global Trading Partners Ltd",
    "Trading Global S.A.",
    "Global Trade Finance Limited",
    "First Global Capital Trading Holdings Corp.",
    "Acme Holdings Inc.",
    "Acme Holdings Ltd",
    "Apex Holdings Group plc",
    "Siemens Aktiengesellschaft",
    "Simens Consulting SARL",
    "Société Générale",
    "Générale de Bâtiment SAS",
    "Construcciones Muñoz e Hijos S.L.",
    "Łódzka Fabryka Żarówek Sp. z o.o.",
    "Ørsted A/S",
    "A.P. Møller - Mærsk A/S",
    "Åkeri Öberg AB",
    "Türkiye İş Bankası A.Ş.",
    "ПАО «Газпром нефть»",
    "ООО «Северсталь Проект»",
    "Ελληνική Ναυτιλιακή Εταιρεία Α.Ε.",
    "深圳市腾讯计算机系统有限公司",
    "腾讯控股有限公司",
    "トヨタ自動車株式会社",
    "삼성전자 주식회사",
    "AT&T Inc.",
    "PayPal Holdings, Inc.",
    "J.P. Morgan Securities LLC",
    "L'Oréal S.A.",
    "E.ON SE",
    "3M Company",
    "The Limited Company",
    "Johnson & Johnson",
)


@pytest.fixture(scope="module")
def register(worker_database: Database) -> Directory:
    recorder = EventRecorder(SystemClock())
    recorder.learn(EVENT_PAYLOADS)
    made = Directory(Transactions(worker_database, recorder))
    made.add(*_REGISTER)
    return made


class TestFinding:
    @pytest.mark.parametrize(
        ("query", "name"),
        [
            # Umlauts both ways, and the beginnings of words.
            ("mueller maschinen", "Müller Maschinenbau GmbH"),
            ("muller maschinenbau", "Müller Maschinenbau GmbH"),
            ("MÜLLER MASCHINENBAU", "Müller Maschinenbau GmbH"),
            ("müller industries", "Mueller Industries, Inc."),
            # One or two typing errors in a word.
            ("mulelr mashcinenbau", "Müller Maschinenbau GmbH"),
            ("siemns", "Siemens Aktiengesellschaft"),
            ("sociéte generlae", "Société Générale"),
            ("globel tradng", "Global Trading LLC"),
            ("acme holdigns", "Acme Holdings Inc."),
            # The order of words is free.
            ("maschinenbau müller", "Müller Maschinenbau GmbH"),
            ("neft gazprom", "ПАО «Газпром нефть»"),
            # Accents and letters of one language.
            ("construcciones munoz", "Construcciones Muñoz e Hijos S.L."),
            ("lodzka fabryka zarowek", "Łódzka Fabryka Żarówek Sp. z o.o."),
            ("orsted", "Ørsted A/S"),
            ("oersted", "Ørsted A/S"),
            ("maersk moeller", "A.P. Møller - Mærsk A/S"),
            ("akeri oberg", "Åkeri Öberg AB"),
            ("turkiye is bankasi", "Türkiye İş Bankası A.Ş."),
            # Other scripts, as written and in Latin letters.
            ("газпром", "ПАО «Газпром нефть»"),
            ("gazprom", "ПАО «Газпром нефть»"),
            ("gazporm neft", "ПАО «Газпром нефть»"),
            ("северсталь", "ООО «Северсталь Проект»"),
            ("ελληνικη ναυτιλιακη", "Ελληνική Ναυτιλιακή Εταιρεία Α.Ε."),
            ("深圳市腾讯计算机系统有限公司", "深圳市腾讯计算机系统有限公司"),
            ("深圳市腾讯", "深圳市腾讯计算机系统有限公司"),
            ("腾讯控股", "腾讯控股有限公司"),
            ("トヨタ自動車", "トヨタ自動車株式会社"),
            ("トヨタ", "トヨタ自動車株式会社"),
            ("삼성전자", "삼성전자 주식회사"),
            # Signs, initials, and words written together or apart.
            ("at & t", "AT&T Inc."),
            ("att", "AT&T Inc."),
            ("pay pal holdings", "PayPal Holdings, Inc."),
            ("jp morgan securities", "J.P. Morgan Securities LLC"),
            ("loreal", "L'Oréal S.A."),
            ("eon", "E.ON SE"),
            ("3m", "3M Company"),
            ("johnson and johnson", "Johnson & Johnson"),
            ("limited", "The Limited Company"),
        ],
    )
    def test_the_name_that_was_meant_comes_first(self, register: Directory, query: str, name: str) -> None:
        assert register.names(query)[:1] == [name]

    def test_the_exact_name_has_the_score_one_whatever_its_legal_form(self, register: Directory) -> None:
        for query in ("Müller Maschinenbau", "müller maschinenbau gmbh"):
            assert register.search(query)[0].score == 1.0

    def test_the_legal_form_decides_between_equal_names(self, register: Directory) -> None:
        assert register.names("acme holdings ltd")[0] == "Acme Holdings Ltd"
        assert register.names("acme holdings incorporated")[0] == "Acme Holdings Inc."

    def test_a_legal_form_with_an_error_does_not_hide_the_name(self, register: Directory) -> None:
        assert register.names("müller maschinenbau gmhb")[0] == "Müller Maschinenbau GmbH"
        assert register.names("acme holdings lmited")[0] == "Acme Holdings Ltd"

    def test_scores_fall_and_lie_between_nothing_and_one(self, register: Directory) -> None:
        scores = [found.score for found in register.search("global trading")]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score <= 1 for score in scores)

    def test_names_of_common_words_come_in_the_order_of_their_likeness(self, register: Directory) -> None:
        names = register.names("global trading")
        assert names[:3] == ["Global Trading LLC", "Trading Global S.A.", "Global Trading Partners Ltd"]
        assert "First Global Capital Trading Holdings Corp." in names

    def test_a_word_that_tells_more_weighs_more(self, register: Directory) -> None:
        assert register.names("acme group")[0].startswith("Acme")

    def test_names_with_some_of_the_words_are_found_when_none_has_all(self, register: Directory) -> None:
        assert register.names("global trading zorblax")[0] == "Global Trading LLC"
        assert register.names("schneider mueller maschinenbau hamburg")[:1] == ["Müller Maschinenbau GmbH"]

    def test_what_shares_nothing_is_not_found(self, register: Directory) -> None:
        assert register.names("qzxwvk") == []

    @pytest.mark.parametrize("query", ["", " ", "...", "™", "&", "'", "\\", "%", "a", "ß", "́", "x" * 256, "a b " * 64])
    def test_odd_queries_are_answered(self, register: Directory, query: str) -> None:
        assert len(register.search(query)) <= 10
