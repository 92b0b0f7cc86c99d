"""Telling the legal form from the name proper: `muller maschinenbau` + `gmbh`.

The terms are those of cleanco, folded like every name, and those it lacks. They are put into one set at import: asking
cleanco costs 44 µs a name, this half a microsecond.
"""

from __future__ import annotations

from typing import NamedTuple

from cleanco import termdata
from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

from function_backend.services.company.domain.search.folding import fold_words

# What cleanco does not have.
_MORE_TERMS = """
    ug | ug haftungsbeschränkt | haftungsbeschränkt | e.K. | e.Kfr. | eG | SE | GesmbH | mbH | GmbH & Co. KGaA |
    gGmbH | AG & Co. KG | PartG mbB | Aktiengesellschaft | Société Anonyme | SCI | SELARL | SRL | BV | BVBA | CVBA |
    VZW | S.L.U. | S.A.U. | S.L.P. | Sociedad Anónima | Sociedad Limitada | S.A.B. de C.V. | S.A. de C.V. |
    S. de R.L. de C.V. | S.A.P.I. de C.V. | C.A. | SpA | S.c.a.r.l. | Società per Azioni | Unipessoal Lda | Lda |
    Eireli | EPP | Ltda ME | Sp. z o.o. Sp. k. | S.K.A. | publ | AB publ | Oy Ab | Abp | Tbk | Persero | PT | CV |
    JSC | PJSC | OJSC | CJSC | ООО | ОАО | ЗАО | ПАО | АО | НАО | ТОО | ТОВ | АТ | ПрАТ | ИП | ΑΕ | ΕΠΕ | ΟΕ | ΕΕ |
    ΙΚΕ | A.Ş. | Ltd. Şti. | Şti. | LLP | LLLP | PLLC | PBC | LC | LP | L.L.C. | Inc. | Incorporated | Corporation |
    Corp. | Company | Co. | Limited | Private Limited | Pvt. Ltd. | Pvt Limited | Public Limited Company | PCL | Bhd |
    Sdn. Bhd. | Pte. Limited | Pty. Limited | Proprietary Limited | Co. Ltd. | Co. Limited | Company Limited |
    Co. Inc. | K.K. | G.K. | Kabushiki Kaisha | W.L.L. | FZE | FZCO | FZ LLC | DMCC | B.S.C. | K.S.C. | Q.P.S.C. |
    S.A.O.G. | Zrt. | Nyrt. | Kft. | d.o.o. | d.d. | OÜ | EOOD | EAD | S.R.L. | S.A. | A/S | ApS | I/S | P/S | IVS |
    N.V. | V.O.F. | GmbH & Cie. KG | S.à r.l. | Sàrl | S.C.A. | SICAV
"""
# Ordinary words and countries that are a legal form somewhere: a name loses more by them than it gains.
_WORDS_FIRST = {"uk", "ok", "et", "at", "da", "private", "etat", "ent", "teo", "rt", "fa", "is", "suc de descendants"}

# Forms that stand in front as well: PT Astra, ООО Вектор, SARL Dupont.
_LEADING_TERMS = """
    pt | ooo | oao | zao | pao | ao | nao | too | tov | prat | uab | sia | ab | as | sarl | sas | sasu | eurl | sci |
    sc | cv | jsc | pjsc | ojsc | cjsc | ip
"""
# Forms written without a space before them, longest first so that none hides another.
_IDEOGRAPHIC_FORMS = (
    "股份有限公司",
    "有限責任公司",
    "有限责任公司",
    "股份公司",
    "有限公司",
    "株式会社",
    "有限会社",
    "合同会社",
    "合資会社",
    "주식회사",
    "유한회사",
)
_SHORTEST_DAMAGED_FORM = 2
_TWO_ERRORS_FROM = 6
_MOST_DAMAGED_WORDS = 6
# Two ways to write one form.
_SAME = {
    "incorporated": "inc",
    "corporation": "corp",
    "limited": "ltd",
    "company": "co",
    "aktiengesellschaft": "ag",
    "pvt": "private",
}


class NameParts(NamedTuple):
    """A folded name, taken apart."""

    words: list[str]
    """The name proper, at least one word when there is any."""
    form: str
    """The legal form in its usual spelling, empty when there is none."""


def split_form(words: list[str]) -> NameParts:
    """Takes the legal forms off the folded words, at the end or in front; one word is always left."""
    count = len(words)
    end = count - _form_length(words)
    start = 1 if end > 1 and words[0] in _LEADING else 0
    if end == count and not start:
        return NameParts(words, "")
    if end == count - 1 and not start:
        return NameParts(words[:end], _SAME.get(words[end], words[end]))
    return NameParts(words[start:end], usual_form(words[:start] + words[end:]))


def usual_form(words: list[str]) -> str:
    """The folded words of a legal form in its usual spelling."""
    return " ".join([_SAME.get(word, word) for word in words])


def split_ideographic_form(words: list[str]) -> NameParts:
    """Takes off a legal form that is written without a space, at the end or in front."""
    for form in _IDEOGRAPHIC_FORMS:
        if words[-1].endswith(form) and (words[-1] != form or len(words) > 1):
            return NameParts([word for word in (*words[:-1], words[-1].removesuffix(form)) if word], form)
        if words[0].startswith(form) and (words[0] != form or len(words) > 1):
            return NameParts([word for word in (words[0].removeprefix(form), *words[1:]) if word], form)
    return NameParts(words, "")


def damaged_form(words: list[str]) -> tuple[int, str] | None:
    """How many of the last folded words are a legal form with a typing error, and which; one word is always left.

    Words are compared without spaces, because errors move those too: `sm p a` is near `spa`. Only what goes beyond the
    form that stands there without an error counts.
    """
    best: tuple[int, int, str] | None = None
    for length in range(_form_length(words) + 1, min(_MOST_DAMAGED_WORDS, len(words) - 1) + 1):
        near = _nearest_form("".join(words[-length:]))
        # The fewest errors, and of as many the longest.
        if near is not None and (best is None or near[0] <= best[0]):
            best = (near[0], length, near[1])
    return None if best is None else best[1:]


def _form_length(words: list[str]) -> int:
    """How many of the last words are legal forms as they stand."""
    end = len(words)
    while end > 1:
        endings = _ENDINGS.get(words[end - 1])
        length = 0 if endings is None else _longest(endings, words, end)
        if not length:
            break
        end -= length
    return len(words) - end


def _nearest_form(written: str) -> tuple[int, str] | None:
    """The legal form that the letters are nearest to, after the number of errors; None when none is near."""
    if len(written) < _SHORTEST_DAMAGED_FORM:
        return None
    if written in _JOINED:
        return 0, _JOINED[written]
    allowed = 1 if len(written) < _TWO_ERRORS_FROM else 2
    near = process.extract(written, _JOINED_LONG, scorer=OSA.distance, score_cutoff=allowed, limit=None)
    if not near:
        return None
    # Of several the one without a wrong letter: `swnc` is rather `snc` than `senc`.
    form, errors, _ = min(near, key=lambda item: (item[1], Indel.distance(written, item[0])))
    return int(errors), _JOINED[form]


def _longest(endings: tuple[tuple[str, ...], ...], words: list[str], end: int) -> int:
    """How many words before `end` are one of the endings, as many as possible but not all."""
    for ending in endings:
        length = len(ending)
        if length == 1 or (length < end and tuple(words[end - length : end]) == ending):
            return length
    return 0


def _listed(text: str) -> list[str]:
    return [term.strip() for term in text.split("|")]


def _terms() -> frozenset[tuple[str, ...]]:
    known = [term for terms in termdata.terms_by_type.values() for term in terms]
    known += [term for terms in termdata.terms_by_country.values() for term in terms]
    known += _listed(_MORE_TERMS)
    folded = {tuple(fold_words(term)) for term in known}
    return frozenset(term for term in folded if term and " ".join(term) not in _WORDS_FIRST)


def _by_last_word(terms: frozenset[tuple[str, ...]]) -> dict[str, tuple[tuple[str, ...], ...]]:
    endings: dict[str, tuple[tuple[str, ...], ...]] = {}
    for term in sorted(terms, key=lambda term: (-len(term), term)):
        endings[term[-1]] = (*endings.get(term[-1], ()), term)
    return endings


_FORMS = _terms()
_LEADING = frozenset(_listed(_LEADING_TERMS))
_JOINED = {"".join(term): usual_form(list(term)) for term in sorted(_FORMS)}
_JOINED_LONG = tuple(form for form in _JOINED if len(form) > _SHORTEST_DAMAGED_FORM)
_ENDINGS = _by_last_word(_FORMS)
