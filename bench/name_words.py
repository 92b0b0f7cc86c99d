"""The words that the made-up company names of the load tests are put together from."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


# Words that stand in thousands of names each. Names made of nothing else are the hard ones to find.
COMMON_LEADS = _words("""
    Global United National First General American European Pacific Atlantic Northern Southern Eastern Western Central
    International Universal Premier Prime Advanced Modern Royal Golden Silver Blue Green Red White Black Bright Clear
    New Great Grand Smart Digital Dynamic Strategic Integrated Applied Allied Associated Consolidated Continental
    Capital City Metro Summit Pinnacle Apex Alpha Beta Delta Omega Nova Star Sun Sky Ocean River Lake Mountain Valley
    Eagle Lion Tiger Phoenix Falcon Bridge Gate Tower Rock Stone Oak Pine Cedar Maple Liberty Heritage Legacy Century
    Millennium Horizon Vision Quantum Fusion Vertex Zenith Elite Select Quality Reliable Trust Direct Express Rapid
    Total Complete Active Open Pure Natural Organic Urban Coastal Harbor Island Highland Frontier Pioneer Discovery
""")
COMMON_CORES = _words("""
    Trading Holdings Capital Partners Group Services Solutions Technologies Systems Industries Enterprises Ventures
    Investments Management Consulting Logistics Energy Resources Properties Development Construction Engineering
    Manufacturing Marketing Media Communications Networks Software Data Security Finance Insurance Advisors
    Healthcare Medical Pharmaceuticals Therapeutics Biotech Foods Farms Mining Metals Steel Chemicals Plastics
    Packaging Textiles Fashion Furniture Electronics Semiconductors Automotive Motors Aviation Aerospace Marine
    Shipping Transport Travel Hotels Hospitality Entertainment Games Sports Education Learning Research Laboratories
    Design Studios Realty Estates Homes Builders Contractors Supply Distribution Import Export Equipment Machinery
    Tools Power Solar Wind Water Environmental Recycling Oil Gas Petroleum Exploration Bank Fund Trust Equity Credit
    Leasing Acquisition Opportunities Infrastructure Analytics Robotics Cloud Mobile Wireless Telecom Publishing
""")
GERMAN_TRADES = _words("""
    Maschinenbau Metallbau Stahlbau Holzbau Hochbau Tiefbau Fensterbau Anlagenbau Werkzeugbau Apparatebau
    Bauunternehmung
    Elektrotechnik Medizintechnik Umwelttechnik Haustechnik Kältetechnik Fördertechnik Messtechnik Automatisierung
    Spedition Logistik Transporte Autohaus Fahrzeughandel Reifenhandel Großhandel Möbelhaus Baustoffe Brennstoffe
    Bäckerei Metzgerei Brauerei Weingut Gärtnerei Druckerei Tischlerei Schreinerei Zimmerei Dachdeckerei Malerbetrieb
    Immobilien Hausverwaltung Vermögensverwaltung Beteiligungen Beratung Steuerberatung Versicherungen Verlag Software
    Kunststofftechnik Oberflächentechnik Gebäudereinigung Sicherheitstechnik Präzisionsteile Verpackungen Papierfabrik
    Textilwerke Chemie Pharma Apotheke Pflegedienst Windkraft Solartechnik Landmaschinen Zerspanung Feinmechanik
""")
GERMAN_STEMS = _words("""
    Maschinen Metall Stahl Holz Elektro Medizin Umwelt Kunststoff Blech Draht Rohr Glas Keramik Papier Textil Leder
    Möbel Küchen Fenster Türen Garten Forst Agrar Milch Fleisch Getränke Kaffee Fahrzeug Motoren Getriebe Pumpen
    Mess Regel Antriebs Förder Lager Hebe Kran Schiff Bahn Luft Wasser Gas Wärme Kälte Licht Solar Wind Energie
""")
GERMAN_HEADS = _words("""
    technik bau handel fabrik werke vertrieb service systeme verarbeitung veredelung manufaktur center zentrum
    logistik verwaltung planung montage produktion entwicklung bearbeitung großhandel verleih
""")
FRENCH_TRADES = _phrases("""
    Transports | Boulangerie | Menuiserie | Plomberie | Électricité | Bâtiment | Constructions | Travaux Publics |
    Maçonnerie | Charpente | Peinture | Garage | Carrosserie | Imprimerie | Éditions | Conseil | Expertise Comptable |
    Immobilière | Gestion | Participations | Énergies | Produits Laitiers | Domaine | Vignobles | Pâtisserie |
    Mécanique Générale | Chaudronnerie | Fonderie | Plastiques | Emballages | Cosmétiques | Pharmacie | Hôtel |
    Société Générale de Distribution | Compagnie des Eaux | Établissements | Ateliers | Services Informatiques
""")
SPANISH_TRADES = _phrases("""
    Construcciones | Transportes | Inversiones | Inmobiliaria | Distribuciones | Comercializadora |
    Servicios Generales |
    Ingeniería | Maquinaria Agrícola | Alimentos | Panadería | Bodegas | Aceites | Carpintería | Metalúrgica | Gestión |
    Consultores | Asesoría Fiscal | Energías Renovables | Logística | Importaciones | Exportaciones | Textiles |
    Industrias | Talleres | Hostelería | Cerámicas | Muebles | Pesquera | Minera | Agropecuaria | Tecnología
""")
ITALIAN_TRADES = _phrases("""
    Costruzioni | Trasporti | Officine Meccaniche | Immobiliare | Industrie | Fonderie | Pastificio | Caseificio |
    Azienda Agricola | Distribuzione | Edilizia | Impianti | Elettronica | Tessitura | Ceramiche | Arredamenti |
    Finanziaria | Partecipazioni | Servizi | Consulenza | Macchine Utensili | Salumificio | Cantine | Vetreria
""")
NORDIC_TRADES = _words("""
    Bygg Fastigheter Förvaltning Konsult Transport Måleri Entreprenad Åkeri Plåtslageri Teknik Handel Invest Eiendom
    Bygg Rederi Fiskeri Elektriker Tømrer Møbler Maskin Ejendomme Vognmandsforretning Rakennus Kiinteistöt Kuljetus
    Sähkö Konepaja Metsä Energia Hälsovård Utveckling Rådgivning Skog Industri Mekaniska Bageri
""")
SLAVIC_TRADES = _words("""
    Stavby Doprava Obchod Strojírny Nábytek Potraviny Budownictwo Przedsiębiorstwo Handlowe Produkcyjne Usługowe
    Transportowe Zakłady Mięsne Fabryka Gradnja Trgovina Prijevoz Inženjering Konzultace Nieruchomości Inwestycje
""")
DUTCH_TRADES = _words("""
    Bouwbedrijf Installatietechniek Vastgoed Beheer Beleggingen Transport Groothandel Tuinbouw Scheepswerf Advies
    Schildersbedrijf Machinefabriek Holding Logistiek Automatisering Zuivel Bloemen Verzekeringen Timmerbedrijf
""")
PORTUGUESE_TRADES = _phrases("""
    Construções | Comércio de Alimentos | Transportes | Participações | Indústria Química | Serviços Médicos |
    Empreendimentos Imobiliários | Confecções | Calçados | Móveis | Agropecuária | Tecnologia da Informação | Gestão
""")

ENGLISH_SURNAMES = _words("""
    Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Martin Thompson Harris Clark
    Lewis Robinson Walker Young Allen King Wright Scott Hill Adams Nelson Baker Hall Campbell Mitchell Carter Roberts
    Turner Phillips Evans Parker Edwards Collins Stewart Morris Murphy Cook Rogers Morgan Cooper Peterson Bailey Reed
    Kelly Howard Ward Cox Richardson Watson Brooks Wood James Bennett Gray Hughes Price Myers Foster Sanders Ross
    Powell Sullivan Russell Fisher Henderson Jenkins Perry Butler Barnes Coleman Patterson Graham Reynolds Hamilton
    Wallace Griffin West Cole Hayes Gibson Ellis Stevens Murray Ford Marshall Owens McDonald Harrison Kennedy Wells
    O'Brien O'Connor MacLeod McKenzie McCarthy Fitzgerald Whitfield Blackwood Hargreaves Pemberton Ashworth Thornton
""")
GERMAN_SURNAMES = _words("""
    Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf
    Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Werner Krause Lehmann Köhler Maier Kaiser
    Fuchs Scholz Möller Weiß Jung Hahn Vogel Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke
    Albrecht Schuster Böhm Winter Kraus Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt
    Haas Schreiber Graf Dietrich Ziegler Kühn Pohl Engel Horn Busch Bergmann Voigt Sauer Arnold Wolff Pfeiffer Böttcher
    Strobel Grünwald Löffler Hübner Förster Bräuer Kößler Rößler Dürr Zöller Österreicher Überall Eßer
""")
FRENCH_SURNAMES = _words("""
    Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia Bertrand
    Roux Vincent Fournier Morel Girard André Mercier Dupont Lambert Bonnet François Martinez Legrand Garnier Faure
    Rousseau Blanc Guérin Müller Roussel Nicolas Perrin Morin Mathieu Clément Gauthier Dumont Lopez Fontaine Chevalier
    Lefèvre Béranger Hébert Gérard Joly Rivière Brunet Leclercq Barbier Crépin Brêteau Châtelain Forêt L'Hermite
""")
SPANISH_SURNAMES = _words("""
    García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno
    Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco Molina
    Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Núñez Iglesias Medina Garrido Cortés Castillo Peña
""")
ITALIAN_SURNAMES = _words("""
    Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Mancini Costa Giordano
    Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli Martini Leone Longo Gentile
""")
NORDIC_SURNAMES = _words("""
    Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Hansen Jensen Nielsen
    Pedersen Andersen Christensen Sørensen Rasmussen Jørgensen Møller Lindström Sjöberg Åkesson Bergström Nyström
    Öberg Ødegård Bjørnstad Haugen Korhonen Virtanen Mäkinen Nieminen Mäkelä Hämäläinen Laine Järvinen Ångström
""")
SLAVIC_SURNAMES = _words("""
    Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski
    Novák Svoboda Novotný Dvořák Černý Procházka Kučera Veselý Horvat Kovačević Babić Marić Jurić Petrović Jovanović
    Đorđević Nikolić Ivanov Petrov Sidorov Volkov Smirnov Kuznetsov Popov Łukasiewicz Żuraw Šimić Žižka Řezníček
""")
DUTCH_SURNAMES = _phrases("""
    de Jong | Jansen | de Vries | van den Berg | Bakker | van Dijk | Visser | Smit | Meijer | de Boer |
    Mulder | de Groot
    | Bos | Vos | Peters | Hendriks | van Leeuwen | Dekker | Brouwer | de Wit | Dijkstra | Smits | de Graaf |
    van der Meer
""")
PORTUGUESE_SURNAMES = _words("""
    Silva Santos Ferreira Pereira Oliveira Costa Rodrigues Martins Jesus Sousa Fernandes Gonçalves Gomes Lopes Marques
    Alves Almeida Ribeiro Pinto Carvalho Teixeira Moreira Correia Mendes Nunes Soares Vieira Monteiro Conceição Araújo
""")
ASIAN_SURNAMES = _words("""
    Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Tanaka Suzuki Sato Takahashi
    Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Kim Lee Park Choi Jung Nguyen Tran Pham Patel Sharma
    Singh Kumar Gupta Reddy Iyer Agarwal Mehta Shah Jain Rao Desai Chatterjee Mukherjee Tata Birla Wijaya Santoso
""")

# Surnames and places that are put together, so that there are as many different ones as in life.
ENGLISH_HEADS = _words("""
    Ash Black Brad Brook Burn Clay Cliff Crow Dal East Elm Fair Farn Green Hal Ham Hart Haw Hazel Hol Kirk Lang Led Lin
    Lock Mar Mil Mor New Nor Oak Old Pen Rad Red Ridge Ris Rock Rose Rush Shel Silver Spring Stan Stock Stoke Sum Sut
    Thorn Tom Wal War Wat Web Wes Whit Wil Win Wood Wor York Cot Dun Glen Hather Kens Lyn Pres Quen Tar Up Ver
""")
ENGLISH_TAILS = _words("""
    ford ton wood field ham ley worth well burn brook bridge dale stone bury by croft den gate hurst land low man mere
    more port ridge shaw side stead stock wick ville view crest haven more combe ington
""")
GERMAN_PLACE_HEADS = _words("""
    Alt Neu Ober Unter Nieder Groß Klein Bad Hohen Wald Stein Berg Bach Rosen Linden Eichen Buchen Schön Wein Salz Brunn
    Kirch Mühl Hammer Eber Wolfs Königs Fried Lud Regens Würz Nürn Bam Augs Frei Offen Gött Hildes Pader Osna Olden Lüne
""")
GERMAN_PLACE_TAILS = _words("burg berg stadt dorf heim hausen bach feld tal brück furt hofen ingen au walde münster")
GIVEN_NAMES = _words("""
    Anders Björn Carl David Erik Fredrik Gunnar Hans Ivar Jens Karl Lars Magnus Niels Olaf Peter Rune Sven Torsten Ulf
    Alexand Anton Boris Dmitr Fedor Grigor Igor Jan Kiril Leonid Marek Nikola Pavel Roman Serg Stefan Tomas Viktor Vlad
""")
NAME_ENDS = _words(
    "son sen sson ov ev enko ski sky ić owicz escu idis opoulos ian yan eau ard ini etti ello oni aro es ez"
)
PLACES = _phrases("""
    London | Manchester | Birmingham | Leeds | Glasgow | Edinburgh | Bristol | New York | Los Angeles |
    Chicago | Houston |
    Phoenix | Dallas | San Diego | Austin | Boston | Seattle | Denver | Miami | Atlanta | Toronto | Vancouver |
    Montréal |
    Calgary | Sydney | Melbourne | Auckland | Dublin | Berlin | Hamburg | München | Köln | Frankfurt | Stuttgart |
    Düsseldorf | Leipzig | Dresden | Nürnberg | Zürich | Genève | Basel | Wien | Salzburg | Graz | Paris | Lyon |
    Marseille | Toulouse | Nantes | Strasbourg | Bordeaux | Madrid | Barcelona | Valencia | Sevilla | Bilbao | Lisboa |
    Porto | São Paulo | Rio de Janeiro | Bogotá | Lima | Santiago | Buenos Aires | México | Monterrey | Milano | Roma |
    Torino | Napoli | Bologna | Firenze | Amsterdam | Rotterdam | Utrecht | Antwerpen | Bruxelles | Luxembourg |
    Stockholm | Göteborg | Malmö | København | Aarhus | Oslo | Bergen | Helsinki | Tampere | Warszawa |
    Kraków | Gdańsk |
    Wrocław | Praha | Brno | Bratislava | Budapest | Wien | Zagreb | Beograd | Ljubljana | București | Sofia | Athens |
    Istanbul | Ankara | Tel Aviv | Dubai | Mumbai | Delhi | Bangalore | Chennai | Singapore | Hong Kong | Shanghai |
    Beijing | Shenzhen | Guangzhou | Tokyo | Osaka | Seoul | Busan | Taipei | Bangkok | Jakarta | Manila |
    Hanoi | Lagos |
    Nairobi | Cairo | Johannesburg | Cape Town | Texas | California | Florida | Ohio | Michigan | Bavaria | Yorkshire
""")
ONSETS = _words("""
    b b br c c ch cl cr d d dr f f fl g gl gr h j k k kr l l l m m m n n n p p ph pl pr qu r r r s s s sh sk sp st t t t
    th tr v v v vy w x y z z zy
""")
VOWELS = _words("a e i o u a e i o ae ai ea ia io oo ou y")
CODAS = ("",) * 10 + _words("l n r s t x m nd nt rk st ck z v lt rn")
INITIALS = "ABCDEFGHJKLMNPRSTVW"
BRAND_ENDS = _words("""
    tech soft net com pay gen bio med care pharm ix ex on us um ia is io ly ify able ware works lab hub point link
    core dyne tron nova sys data mind cap vest pro max plus flow wave path cell zyme logic stack
""")

CYRILLIC_WORDS = _words("""
    Газ Нефть Строй Торг Авто Транс Энерго Агро Тех Пром Сервис Лес Металл Хим Рос Сиб Урал Волга Мос Север
    Восток Мир Дом
    Проект Инвест Капитал Альянс Партнёр Медиа Фарм Стекло Мебель Продукт Логистика Восход Заря Прогресс Вектор Эталон
""")
GREEK_WORDS = _words("""
    Ελληνική Εταιρεία Τεχνική Ναυτιλιακή Εμπορική Κατασκευαστική Βιομηχανία Τροφίμων Αθηναϊκή Θεσσαλονίκη Κρήτη
    Παπαδόπουλος Αφοί Γεωργίου Ενεργειακή Φαρμακευτική Εκδόσεις Μεταφορές Οικοδομική Αιγαίο Ολυμπιακή
""")
CHINESE_CITIES = _words(
    "北京 上海 深圳市 广州 杭州 苏州 成都 武汉 南京 天津 重庆 青岛 厦门 宁波 浙江 江苏 广东 山东 福建 香港"
)
CHINESE_SIGNS = "华中国信达鑫源盛泰康瑞恒安宏远东方海龙腾飞金石天地明德新兴嘉和永丰利通汇智云创科美亚联"
CHINESE_TRADES = _words(
    "科技 贸易 电子 信息技术 投资 实业 机械 化工 医药 食品 物流 建筑工程 网络 新能源 半导体 服装 房地产 文化传媒"
)
JAPANESE_WORDS = _words("""
    東京 日本 大阪 名古屋 山田 田中 鈴木 佐藤 中央 第一 三和 東洋 富士 北海道 九州 光 さくら みらい アサヒ
    サンライズ トップ
""")
JAPANESE_TRADES = _words(
    "工業 商事 電機 製作所 建設 食品 運輸 化学 製薬 システム テクノロジー 不動産 銀行 印刷 自動車 精密"
)

LEGAL_FORMS: dict[str, tuple[str, ...]] = {
    "US": _phrases("Inc. | Inc | LLC | Corp. | Corporation | L.P. | LLC | Inc. | LLP | Co. | Company | Incorporated"),
    "GB": _phrases("Ltd | Limited | PLC | LLP | Ltd. | Limited"),
    "IE": _phrases("Ltd | Limited | PLC"),
    "CA": _phrases("Inc. | Ltd. | Corp. | Limited"),
    "AU": _phrases("Pty Ltd | Ltd | Pty. Ltd. | Limited"),
    "DE": _phrases(
        "GmbH | GmbH | GmbH & Co. KG | AG | KG | OHG | e.K. | UG (haftungsbeschränkt) | GmbH & Co. KGaA | eG | SE"
    ),
    "AT": _phrases("GmbH | AG | KG | OG | Ges.m.b.H."),
    "CH": _phrases("AG | GmbH | SA | Sàrl"),
    "FR": _phrases("SAS | SARL | SA | EURL | SCI | SASU | S.A.S. | SNC"),
    "BE": _phrases("NV | BV | SA | SRL | BVBA | SPRL"),
    "ES": _phrases("S.L. | S.A. | SL | S.L.U. | S.A.U."),
    "MX": _phrases("S.A. de C.V. | S. de R.L. de C.V. | SA de CV"),
    "IT": _phrases("S.r.l. | S.p.A. | SRL | SpA | S.n.c. | S.a.s."),
    "NL": _phrases("B.V. | BV | N.V. | V.O.F."),
    "SE": _phrases("AB | AB (publ) | HB"),
    "NO": _phrases("AS | ASA | A/S"),
    "DK": _phrases("A/S | ApS | I/S"),
    "FI": _phrases("Oy | Oyj | Oy Ab"),
    "PL": _phrases("Sp. z o.o. | S.A. | sp. j. | Sp. z o.o. Sp. k."),
    "CZ": _phrases("s.r.o. | a.s. | spol. s r.o."),
    "HR": _phrases("d.o.o. | d.d."),
    "PT": _phrases("Lda. | S.A. | Unipessoal Lda"),
    "BR": _phrases("Ltda. | S.A. | S/A | Eireli"),
    "IN": _phrases("Pvt. Ltd. | Private Limited | Ltd. | Limited"),
    "SG": _phrases("Pte. Ltd. | Pte Ltd | Ltd."),
    "CN": _phrases("Co., Ltd. | Co Ltd | Company Limited"),
    "JP": _phrases("Co., Ltd. | K.K. | Corporation | Inc."),
    "ID": _phrases("Tbk | Tbk"),
    "RU": _phrases("ООО | АО | ПАО | ЗАО"),
    "GR": _phrases("Α.Ε. | Ε.Π.Ε. | Ο.Ε."),
}

LISTS: dict[str, tuple[str, ...]] = {
    "lead": COMMON_LEADS,
    "core": COMMON_CORES,
    "place": PLACES,
    "english": ENGLISH_SURNAMES,
    "englishhead": ENGLISH_HEADS,
    "englishtail": ENGLISH_TAILS,
    "german": GERMAN_SURNAMES,
    "germanhead": GERMAN_PLACE_HEADS,
    "germantail": GERMAN_PLACE_TAILS,
    "germantrade": GERMAN_TRADES,
    "germanstem": GERMAN_STEMS,
    "germanword": GERMAN_HEADS,
    "given": GIVEN_NAMES,
    "nameend": NAME_ENDS,
    "french": FRENCH_SURNAMES,
    "frenchtrade": FRENCH_TRADES,
    "spanish": SPANISH_SURNAMES,
    "spanishtrade": SPANISH_TRADES,
    "italian": ITALIAN_SURNAMES,
    "italiantrade": ITALIAN_TRADES,
    "nordic": NORDIC_SURNAMES,
    "nordictrade": NORDIC_TRADES,
    "slavic": SLAVIC_SURNAMES,
    "slavictrade": SLAVIC_TRADES,
    "dutch": DUTCH_SURNAMES,
    "dutchtrade": DUTCH_TRADES,
    "portuguese": PORTUGUESE_SURNAMES,
    "portuguesetrade": PORTUGUESE_TRADES,
    "asian": ASIAN_SURNAMES,
    "cyrillic": CYRILLIC_WORDS,
    "greek": GREEK_WORDS,
    "chinesecity": CHINESE_CITIES,
    "chinesetrade": CHINESE_TRADES,
    "japanese": JAPANESE_WORDS,
    "japanesetrade": JAPANESE_TRADES,
}


def _local(language: str) -> str:
    return (
        f"18 {{{language}trade}} {{{language}}} | 18 {{{language}trade}} {{given+nameend}} |"
        f"10 {{{language}}} {{{language}trade}} | 10 {{given+nameend}} {{{language}trade}} |"
        f"22 {{brand}} {{{language}trade}} | 10 {{{language}trade}} {{place}} |"
        "12 {brand} {core}"
    )


_PLAIN = "77 {body} {form} | 3 {body} | 20 {upper} {form}"

# Share, countries, patterns of the name, ways to write it with its legal form.
REGIONS: tuple[tuple[float, str, str, str], ...] = (
    (
        0.50,
        "US US US GB CA AU IE",
        """
        10 {lead} {core} | 4 {lead} {lead} {core} | 22 {brand} {core} | 8 {lead} {brand} {core} | 6 {brand} |
        6 {english} {core} | 6 {englishhead+englishtail} {core} | 4 {english} & {englishhead+englishtail} {core} |
        2 {english} and {english} {core} | 2 {englishhead+englishtail} {english} {core} | 10 {place} {lead} {core} |
        4 {place} {core} Group | 2 {place} {core} Holdings | 2 {core} of {place} | 5 {initials} {core} |
        2 {dotted} {core} | 2 {brand} Capital Fund {number} | 1 {englishhead+englishtail} Growth Fund II |
        1 {brand} Equity Partners III | 1 {english}'s {core} | 1 {initials} {number}
        """,
        "55 {body} {form} | 22 {body}, {form} | 3 {body} | 20 {upper} {form}",
    ),
    (
        0.14,
        "DE DE AT CH",
        """
        15 {german} {germantrade} | 8 {german} {germanstem+germanword} | 7 {germanhead+germantail}er {germantrade} |
        8 {germantrade} {german} | 7 {germanstem+germanword} {germanhead+germantail} | 5 {german} & Söhne |
        5 {german} & {german} | 3 Gebrüder {german} | 12 {brand} {germantrade} | 8 {brand} {germanstem+germanword} |
        12 {germantrade} {germanhead+germantail} | 6 {brand} {core} | 4 {german} {place}
        """,
        _PLAIN,
    ),
    (0.07, "FR FR BE", _local("french"), _PLAIN),
    (0.05, "ES MX", _local("spanish"), _PLAIN),
    (0.04, "IT", _local("italian"), _PLAIN),
    (0.04, "SE NO DK FI", _local("nordic"), _PLAIN),
    (0.03, "PL CZ HR", _local("slavic"), _PLAIN),
    (0.03, "NL", _local("dutch"), _PLAIN),
    (0.03, "PT BR", _local("portuguese"), _PLAIN),
    (
        0.04,
        "IN SG CN JP",
        """
        20 {asian} {lead} {core} | 10 {asian+asian} {core} | 20 {place} {brand} {core} | 20 {brand} {lead} {core} |
        15 {asian} {asian} {core} | 15 {brand} {core} Industries
        """,
        _PLAIN,
    ),
    (0.005, "ID", "5 {brand} {core} | 3 {asian} {core} | 2 {brand} {asian}", "1 PT {body} {form} | 1 PT {body}"),
    (
        0.01,
        "RU",
        "4 {cyrillic+cyrillic} | 3 {cyrillic+cyrillic} {cyrillic} | 3 {cyrillic} {cyrillic+cyrillic} {number}",
        "6 {form} «{body}» | 4 {form} {upper}",
    ),
    (0.005, "GR", "5 {greek} {greek} | 3 {greek} {greek} {greek}", _PLAIN),
    (
        0.01,
        "CN",
        "7 {chinesecity}{sign}{chinesetrade} | 3 {sign}{chinesetrade}",
        "6 {body}有限公司 | 3 {body}股份有限公司 | 1 {body}有限责任公司",
    ),
    (
        0.005,
        "JP",
        "5 {japanese}{japanese}{japanesetrade} | 3 {japanese}{japanesetrade}",
        "4 株式会社{body} | 6 {body}株式会社",
    ),
)
