"""Schemes of countries in Asia, Africa and Oceania."""

from __future__ import annotations

from function_backend.services.company.domain.schemes import own_checks
from function_backend.services.company.domain.schemes.numbers import pattern_number, stdnum_number
from function_backend.services.company.domain.schemes.scheme import Uniqueness, national

ASIA_AFRICA_OCEANIA = (
    national(
        "au-abn",
        "an Australian business number",
        stdnum_number("au.abn", "an Australian business number"),
        "83914571673",
    ),
    national(
        "au-acn", "an Australian company number", stdnum_number("au.acn", "an Australian company number"), "004085616"
    ),
    national(
        "az-voen", "an Azerbaijani tax number", stdnum_number("az.voen", "an Azerbaijani tax number"), "1401555071"
    ),
    national(
        "cn-uscc",
        "a Chinese unified social credit code",
        stdnum_number("cn.uscc", "a Chinese unified social credit code"),
        "91110000600037341L",
    ),
    national("dz-nif", "an Algerian tax number", stdnum_number("dz.nif", "an Algerian tax number"), "416001000000007"),
    national("eg-tn", "an Egyptian tax number", stdnum_number("eg.tn", "an Egyptian tax number"), "100531385"),
    national(
        "gh-tin", "a Ghanaian taxpayer number", stdnum_number("gh.tin", "a Ghanaian taxpayer number"), "C0000803561"
    ),
    national("gn-nifp", "a Guinean tax number", stdnum_number("gn.nifp", "a Guinean tax number"), "693770885"),
    national(
        "hk-brn",
        "a Hong Kong business registration number",
        pattern_number("a Hong Kong business registration number", "[0-9]{8}", width=8),
        "00173611",
    ),
    national(
        "id-npwp",
        "an Indonesian taxpayer number",
        stdnum_number("id.npwp", "an Indonesian taxpayer number"),
        "013121660091000",
    ),
    national("il-hp", "an Israeli company number", stdnum_number("il.hp", "an Israeli company number"), "516179157"),
    national(
        "in-cin",
        "an Indian corporate identity number",
        pattern_number("an Indian corporate identity number", "[LU][0-9]{5}[A-Z]{2}[0-9]{4}[A-Z]{3}[0-9]{6}"),
        "L17110MH1973PLC019786",
    ),
    national(
        "in-gstin",
        "an Indian goods and services tax number",
        stdnum_number("in_.gstin", "an Indian goods and services tax number"),
        "27AAPFU0939F1ZV",
        unique=Uniqueness.NONE,
    ),
    national(
        "in-pan",
        "an Indian permanent account number",
        stdnum_number("in_.pan", "an Indian permanent account number"),
        "AAACR5055K",
    ),
    national(
        "jp-cn", "a Japanese corporate number", stdnum_number("jp.cn", "a Japanese corporate number"), "5835678256246"
    ),
    national("ke-pin", "a Kenyan tax number", stdnum_number("ke.pin", "a Kenyan tax number"), "P051365947M"),
    national(
        "kr-brn",
        "a South Korean business registration number",
        stdnum_number("kr.brn", "a South Korean business registration number"),
        "1168200276",
    ),
    national(
        "ma-ice", "a Moroccan company number", stdnum_number("ma.ice", "a Moroccan company number"), "001561191000066"
    ),
    national("mz-nuit", "a Mozambican tax number", stdnum_number("mz.nuit", "a Mozambican tax number"), "400339910"),
    national("nz-ird", "a New Zealand tax number", stdnum_number("nz.ird", "a New Zealand tax number"), "49091850"),
    national("nz-nzbn", "a New Zealand business number", own_checks.nz_nzbn, "9429000000000"),
    national(
        "sg-uen", "a Singaporean entity number", stdnum_number("sg.uen", "a Singaporean entity number"), "00192200M"
    ),
    national(
        "sn-ninea", "a Senegalese company number", stdnum_number("sn.ninea", "a Senegalese company number"), "3067221"
    ),
    national("th-moa", "a Thai company number", stdnum_number("th.moa", "a Thai company number"), "0994000617721"),
    national("tn-mf", "a Tunisian tax number", stdnum_number("tn.mf", "a Tunisian tax number"), "1234567MAE001"),
    national(
        "tw-ubn", "a Taiwanese business number", stdnum_number("tw.ubn", "a Taiwanese business number"), "00501503"
    ),
    national("vn-mst", "a Vietnamese tax number", stdnum_number("vn.mst", "a Vietnamese tax number"), "0100233488"),
    national(
        "za-crn",
        "a South African company number",
        pattern_number("a South African company number", "(19|20)[0-9]{2}/[0-9]{6}/[0-9]{2}", separators=" "),
        "1998/012345/07",
    ),
    national(
        "za-tin", "a South African tax number", stdnum_number("za.tin", "a South African tax number"), "0001339050"
    ),
)
