"""Schemes of European countries."""

from __future__ import annotations

from function_backend.services.company.domain.schemes import own_checks
from function_backend.services.company.domain.schemes.numbers import pattern_number, stdnum_number
from function_backend.services.company.domain.schemes.scheme import Uniqueness, national

EUROPE = (
    national("ad-nrt", "an Andorran tax number", stdnum_number("ad.nrt", "an Andorran tax number"), "U132950X"),
    national("al-nipt", "an Albanian tax number", stdnum_number("al.nipt", "an Albanian tax number"), "J91402501L"),
    national("at-fn", "a number of the Austrian company register", own_checks.at_fn, "122119M"),
    national("at-tin", "an Austrian tax number", stdnum_number("at.tin", "an Austrian tax number"), "591199013"),
    national(
        "be-cbe", "a Belgian enterprise number", stdnum_number("be.vat", "a Belgian enterprise number"), "0428759497"
    ),
    national(
        "bg-eik", "a Bulgarian company number", stdnum_number("bg.vat", "a Bulgarian company number"), "175074752"
    ),
    national(
        "by-unp", "a Belarusian taxpayer number", stdnum_number("by.unp", "a Belarusian taxpayer number"), "200988541"
    ),
    national("ch-uid", "a Swiss business number", stdnum_number("ch.uid", "a Swiss business number"), "CHE100155212"),
    national(
        "ch-vat",
        "a Swiss VAT number",
        stdnum_number("ch.vat", "a Swiss VAT number"),
        "CHE107787577IVA",
        unique=Uniqueness.NONE,
    ),
    national("cz-ico", "a Czech organisation number", own_checks.ico, "25123891"),
    national(
        "de-gnr",
        "a number of a German register of cooperatives; the issuer is the court",
        own_checks.german_register("GnR"),
        "123",
        unique=Uniqueness.ISSUER,
        issuer_key=own_checks.german_court,
    ),
    national(
        "de-hra",
        "a number of a German commercial register, part A; the issuer is the court",
        own_checks.german_register("HRA"),
        "11223",
        unique=Uniqueness.ISSUER,
        issuer_key=own_checks.german_court,
    ),
    national(
        "de-hrb",
        "a number of a German commercial register, part B; the issuer is the court",
        own_checks.german_register("HRB"),
        "12345",
        unique=Uniqueness.ISSUER,
        issuer_key=own_checks.german_court,
    ),
    national(
        "de-pr",
        "a number of a German register of partnerships; the issuer is the court",
        own_checks.german_register("PR"),
        "123",
        unique=Uniqueness.ISSUER,
        issuer_key=own_checks.german_court,
    ),
    national(
        "de-stnr",
        "a German tax number",
        stdnum_number("de.stnr", "a German tax number"),
        "18181508155",
        unique=Uniqueness.NONE,
    ),
    national(
        "de-vr",
        "a number of a German register of associations; the issuer is the court",
        own_checks.german_register("VR"),
        "123",
        unique=Uniqueness.ISSUER,
        issuer_key=own_checks.german_court,
    ),
    national("de-wkn", "a German securities number", stdnum_number("de.wkn", "a German securities number"), "A0MNRK"),
    national("dk-cvr", "a Danish company number", stdnum_number("dk.cvr", "a Danish company number"), "13585628"),
    national(
        "ee-rk", "an Estonian register code", stdnum_number("ee.registrikood", "an Estonian register code"), "12345678"
    ),
    national(
        "es-nif",
        "a Spanish tax number of a company",
        stdnum_number("es.nif", "a Spanish tax number of a company"),
        "B64717838",
    ),
    national(
        "fi-ytunnus", "a Finnish business number", stdnum_number("fi.ytunnus", "a Finnish business number"), "20774740"
    ),
    national("fo-vn", "a Faroese tax number", stdnum_number("fo.vn", "a Faroese tax number"), "623857"),
    national("fr-siren", "a French company number", stdnum_number("fr.siren", "a French company number"), "404833048"),
    national(
        "fr-siret",
        "a French establishment number",
        stdnum_number("fr.siret", "a French establishment number"),
        "73282932000074",
    ),
    national("gb-crn", "a Companies House number", own_checks.gb_crn, "00445790"),
    national(
        "gb-utr", "a British taxpayer reference", stdnum_number("gb.utr", "a British taxpayer reference"), "1955839661"
    ),
    national(
        "gb-vat",
        "a British VAT number",
        stdnum_number("gb.vat", "a British VAT number"),
        "980780684",
        unique=Uniqueness.NONE,
    ),
    national("gr-afm", "a Greek tax number", stdnum_number("gr.vat", "a Greek tax number"), "094259216"),
    national(
        "hr-oib",
        "a Croatian identification number",
        stdnum_number("hr.oib", "a Croatian identification number"),
        "33392005961",
    ),
    national("hu-adoszam", "a Hungarian tax number", stdnum_number("hu.anum", "a Hungarian tax number"), "12892312"),
    national(
        "ie-cro", "an Irish company number", pattern_number("an Irish company number", "[1-9][0-9]{0,6}"), "104547"
    ),
    national(
        "is-kt",
        "an Icelandic identity number",
        stdnum_number("is_.kennitala", "an Icelandic identity number"),
        "4504013150",
    ),
    national(
        "is-vsk",
        "an Icelandic VAT number",
        stdnum_number("is_.vsk", "an Icelandic VAT number"),
        "00621",
        unique=Uniqueness.NONE,
    ),
    national(
        "it-iva",
        "an Italian VAT number",
        stdnum_number("it.iva", "an Italian VAT number"),
        "00743110157",
        unique=Uniqueness.NONE,
    ),
    national(
        "it-rea",
        "an Italian register number with its province",
        pattern_number("an Italian register number with its province", "[A-Z]{2}[0-9]{1,7}"),
        "MI1234567",
    ),
    national(
        "li-peid", "a Liechtenstein tax number", stdnum_number("li.peid", "a Liechtenstein tax number"), "1234567"
    ),
    national(
        "lt-pvm",
        "a Lithuanian VAT number",
        stdnum_number("lt.pvm", "a Lithuanian VAT number"),
        "119511515",
        unique=Uniqueness.NONE,
    ),
    national(
        "lu-rcs",
        "a number of the Luxembourg trade register",
        pattern_number("a number of the Luxembourg trade register", "[A-J][0-9]{1,6}"),
        "B82454",
    ),
    national(
        "lv-pvn",
        "a Latvian registration or VAT number",
        stdnum_number("lv.pvn", "a Latvian registration or VAT number"),
        "40003521600",
        unique=Uniqueness.NONE,
    ),
    national(
        "mc-tva",
        "a Monegasque VAT number",
        stdnum_number("mc.tva", "a Monegasque VAT number"),
        "FR53000004605",
        unique=Uniqueness.NONE,
    ),
    national(
        "md-idno", "a Moldovan company number", stdnum_number("md.idno", "a Moldovan company number"), "1008600038413"
    ),
    national("me-pib", "a Montenegrin tax number", stdnum_number("me.pib", "a Montenegrin tax number"), "02655284"),
    national(
        "mk-edb",
        "a North Macedonian tax number",
        stdnum_number("mk.edb", "a North Macedonian tax number"),
        "4030000375897",
    ),
    national(
        "mt-crn",
        "a number of the Malta business registry",
        pattern_number("a number of the Malta business registry", "(C|OC|P|SE|V)[0-9]{1,6}"),
        "C12345",
    ),
    national(
        "nl-kvk",
        "a number of the Dutch trade register",
        pattern_number("a number of the Dutch trade register", "[0-9]{8}", width=8),
        "33011433",
    ),
    national(
        "nl-rsin",
        "a Dutch tax number of a legal entity",
        stdnum_number("nl.bsn", "a Dutch tax number of a legal entity"),
        "004495445",
    ),
    national(
        "no-mva",
        "a Norwegian VAT number",
        stdnum_number("no.mva", "a Norwegian VAT number"),
        "995525828MVA",
        unique=Uniqueness.NONE,
    ),
    national(
        "no-orgnr",
        "a Norwegian organisation number",
        stdnum_number("no.orgnr", "a Norwegian organisation number"),
        "988077917",
    ),
    national(
        "pl-krs",
        "a number of the Polish court register",
        pattern_number("a number of the Polish court register", "[0-9]{10}", width=10),
        "0000028860",
    ),
    national("pl-nip", "a Polish tax number", stdnum_number("pl.nip", "a Polish tax number"), "8567346215"),
    national(
        "pl-regon",
        "a number of the Polish register of economic units",
        stdnum_number("pl.regon", "a number of the Polish register of economic units"),
        "192598184",
    ),
    national("pt-nif", "a Portuguese tax number", stdnum_number("pt.nif", "a Portuguese tax number"), "501964843"),
    national("ro-cui", "a Romanian company number", stdnum_number("ro.cui", "a Romanian company number"), "18547290"),
    national(
        "ro-onrc",
        "a number of the Romanian trade register",
        stdnum_number("ro.onrc", "a number of the Romanian trade register"),
        "J52/750/2012",
    ),
    national("rs-pib", "a Serbian tax number", stdnum_number("rs.pib", "a Serbian tax number"), "101134702"),
    national("ru-inn", "a Russian tax number", stdnum_number("ru.inn", "a Russian tax number"), "123456789047"),
    national(
        "ru-ogrn",
        "a Russian registration number",
        stdnum_number("ru.ogrn", "a Russian registration number"),
        "1022200525819",
    ),
    national(
        "se-orgnr",
        "a Swedish organisation number",
        stdnum_number("se.orgnr", "a Swedish organisation number"),
        "1234567897",
    ),
    national("si-ddv", "a Slovenian tax number", stdnum_number("si.ddv", "a Slovenian tax number"), "50223054"),
    national(
        "si-maticna",
        "a Slovenian register number",
        stdnum_number("si.maticna", "a Slovenian register number"),
        "9331310",
    ),
    national("sk-ico", "a Slovak organisation number", own_checks.ico, "31333532"),
    national(
        "sk-dph",
        "a Slovak VAT number",
        stdnum_number("sk.dph", "a Slovak VAT number"),
        "2022749619",
        unique=Uniqueness.NONE,
    ),
    national("sm-coe", "a San Marino operator code", stdnum_number("sm.coe", "a San Marino operator code"), "51"),
    national("tr-vkn", "a Turkish tax number", stdnum_number("tr.vkn", "a Turkish tax number"), "4540536920"),
    national(
        "ua-edrpou",
        "a number of the Ukrainian register of enterprises",
        stdnum_number("ua.edrpou", "a number of the Ukrainian register of enterprises"),
        "32855961",
    ),
)
