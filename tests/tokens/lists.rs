//! Names, line-ups, injuries and odds: what an analysis of a match mostly holds.

/// Lists of names in the Latin script.
pub const NAMES: &[&str] = &[
    // English
    "Team news. Newcastle (4-3-3): Pope; Trippier, Schär, Botman, Burn; Guimarães, Longstaff, Joelinton; Almirón, Isak, \
     Gordon. Subs: Dúbravka, Krafth, Lascelles, Targett, Ritchie, Willock, Murphy, Barnes, Osula. Injured: Wilson \
     (hamstring), Tonali (suspended), Miley (foot). Everton (4-4-1-1): Pickford; Coleman, Tarkowski, Branthwaite, \
     Mykolenko; Harrison, Gueye, Garner, McNeil; Doucouré; Calvert-Lewin.",
    "Out: Kelleher, Bradley, Gomez, Endo, Szoboszlai, Gakpo, Elliott. Doubtful: Robertson, Quansah, Mac Allister, \
     Gravenberch. Back: Alisson, Tsimikas, Núñez, Chiesa. One booking from a ban: Fofana, Caicedo, Gallagher, Madueke, \
     Cucurella, Badiashile, Sterling, Nkunku, Colwill.",
    "Scotland squad: Gunn, Kelly, Clark; Hickey, Patterson, McKenna, Hendry, Porteous, Hanley, Tierney, Robertson, \
     Taylor; McTominay, McGinn, Gilmour, McGregor, Christie, Ferguson, McLean, Jack, Armstrong; Dykes, Adams, Shankland, \
     Conway, Forrest.",
    // German
    "Aufstellung Freiburg: Atubolu - Sildillia, Ginter, Lienhart, Günter - Eggestein, Höfler - Doan, Röhl, Grifo - \
     Höler. Ersatzbank: Uphoff, Gulde, Makengo, Schmidt, Weißhaupt, Keitel, Philipp, Petersen, Wagner. Es fehlen: Kübler \
     (Schulterverletzung), Kyereh (Kreuzbandriss), Adamu (Knieprobleme), Szalai (Trainingsrückstand).",
    "Kader Union: Rønnow, Schwolow, Klaus; Doekhi, Leite, Knoche, Vogt, Jaeckel, Trimmel, Juranović, Gosens, Roussillon; \
     Khedira, Tousart, Laïdouni, Haberer, Schäfer, Kemlein, Aaronson; Becker, Hollerbach, Volland, Behrens, Kaufmann, \
     Vertessen. Gesperrt: Diogo Leite. Fraglich: Král (Adduktoren).",
    // French
    "Composition de Lens : Brice Samba – Jonathan Gradit, Kevin Danso, Facundo Medina – Przemysław Frankowski, Salis \
     Abdul Samed, Andy Diouf, Deiver Machado – Florian Sotoca, Elye Wahi, Angelo Fulgini. Remplaçants : Jean-Louis Leca, \
     Abdukodir Khusanov, Massadio Haïdara, Nampalys Mendy, Morgan Guilavogui, Adrien Thomasson, Wesley Saïd.",
    "Absents à Rennes : Mandanda, Theate, Wooh, Omari, Doué, Bourigeaud, Le Fée, Santamaria, Gouiri, Terrier, Kalimuendo, \
     Assignon, Truffert. À Lyon : Lopes, Caqueret, Tolisso, Lacazette, Cherki, Tagliafico, Lovren, Mangala, Baldé, \
     Sarr, Nuamah, Kumbedi, Maitland-Niles, Fofana, Benrahma, Orban, O'Brien.",
    // Spanish and Portuguese
    "Convocatoria del Betis: Rui Silva, Claudio Bravo; Sabaly, Bellerín, Pezzella, Chadi Riad, Bartra, Abner, Miranda; \
     Guido Rodríguez, Marc Roca, William Carvalho, Altimira, Isco, Fekir, Rodri Sánchez; Ayoze Pérez, Luiz Henrique, \
     Assane Diao, Willian José, Bakambu. Bajas: Guardado (sóleo), Juanmi (rodilla), Luis Henrique (sancionado).",
    "Palmeiras: Weverton; Mayke, Gustavo Gómez, Murilo, Piquerez; Zé Rafael, Gabriel Menino, Raphael Veiga; Artur, Rony, \
     Endrick. Flamengo: Rossi; Varela, Fabrício Bruno, Léo Pereira, Ayrton Lucas; Pulgar, De la Cruz, Arrascaeta; \
     Gerson, Pedro, Everton Cebolinha. Desfalques: Dudu, Bruno Rodrigues, Thiago Maia, Bruno Henrique.",
    // Italian and Dutch
    "Atalanta: Carnesecchi; Tolói, Djimsiti, Scalvini, Kolašinac; Zappacosta, De Roon, Éderson, Ruggeri; Koopmeiners, De \
     Ketelaere, Lookman, Scamacca. Indisponibili: Palomino, Bakker, Touré. Feyenoord: Bijlow; Geertruida, Trauner, Hancko, \
     Hartman; Wieffer, Timber, Stengs; Jahanbakhsh, Giménez, Paixão. Afwezig: Beelen, Zerrouki, Lingr, Ueda.",
    // Croatian and Serbian
    "Rijeka: Labrović; Smolčić, Mitrović, Radeljić, Goda; Selahi, Hodža, Pašalić, Janković, Fruk; Obregón. Osijek: Malenica; \
     Špoljarić, Duvnjak, Jelenić, Bukvić; Živković, Brlek, Nejašmić, Pušić; Mierez, Petrusenko. Ozlijeđeni: Grgić, \
     Škorić, Matković, Čolina, Jurčević, Gržan, Vrbančić.",
    "Crvena zvezda: Glazer; Mijailović, Spajić, Dragović, Rodić; Stamenić, Kanga, Krasso; Mitrović, Ndiaye, Ivanić. \
     Partizan: Jovanović; Živković, Marković, Belić, Jurčević; Baždar, Brašanac, Zdjelar, Natcho; Severina, Saldanha. \
     Suspended: Bukari, Nedeljković, Stojić, Hwang In-beom.",
    // Polish and Czech
    "Legia: Tobiasz; Pankov, Jędrzejczyk, Kapuadi; Wszołek, Slisz, Elitim, Kun; Josué, Muçi; Pekhart. Pogoń: Cojocaru; \
     Wahlqvist, Zech, Malec, Koutris; Gamboa, Ulvestad, Gorgon, Grosicki, Kurzawa; Koulouris. Kontuzjowani: Błaszczykowski, \
     Przyborek, Bichakhchyan, Łęgowski, Dąbrowski, Smoliński, Gliński.",
    "Sparta: Vindahl; Panák, Sørensen, Krejčí; Preciado, Kairinen, Laçi, Ryneš; Haraslín, Kuchta, Birmančević. Plzeň: \
     Jedlička; Kopic, Hejda, Jemelka, Havel; Kalvach, Traoré, Šulc; Vydra, Chorý, Kliment. Nehrají: Bucha, Mosquera, \
     Hranáč, Cadu, Řezník, Holík.",
    // Turkish
    "Galatasaray: Muslera; Boey, Nelsson, Bardakcı, Angeliño; Torreira, Demirbay; Aktürkoğlu, Mertens, Yılmaz; Icardi. \
     Trabzonspor: Çakır; Meunier, Denswil, Batagov, Elmalı; Bardhi, Mendy, Bakasetas; Trézéguet, Onuachu, Višća. Sakatlar: \
     Bakambu, Ayhan, Kütükçü, Karataş, Şahin, Özdemir, Güneş, Yokuşlu, Öztürk, Hamşık.",
    // Scandinavian
    "Bodø/Glimt: Haikin; Sjøvold, Moe, Lode, Wembangomo; Fet, Berg, Saltnes; Zinckernagel, Moumbagna, Pellegrino. Molde: \
     Karlstrøm; Linnes, Haugan, Bjørnbak, Løvik; Breivik, Mannsverk, Kaasa; Eikrem, Gulbrandsen, Brynhildsen. Skader: \
     Grønbæk, Hoibraten, Evjen, Espejord, Ødegård, Sørli, Vetlesen.",
    // Written in capitals, and as a column
    "ABSENT: GÜNDOGAN, ARAÚJO, GAVI, BALDE, PEDRI, DE JONG. LIKELY: TER STEGEN; KOUNDÉ, CHRISTENSEN, CUBARSÍ, CANCELO; \
     ROMEU, FERMÍN, SERGI ROBERTO; YAMAL, LEWANDOWSKI, RAPHINHA. REAL SOCIEDAD: REMIRO; TRAORÉ, ZUBELDIA, LE NORMAND, \
     MUÑOZ; ZUBIMENDI, MERINO, TURRIENTES; KUBO, OYARZABAL, BARRENETXEA.",
    "1 Unai Simón\n2 Dani Carvajal\n3 Alejandro Grimaldo\n4 Robin Le Normand\n5 Aymeric Laporte\n6 Mikel Merino\n7 Álvaro \
     Morata\n8 Fabián Ruiz\n9 Joselu\n10 Dani Olmo\n11 Ferran Torres\n12 Jesús Navas\n13 David Raya\n14 Marcos \
     Llorente\n15 Martín Zubimendi\n16 Rodri\n17 Nico Williams\n18 Mikel Oyarzabal",
    // Japanese, Arabic and African names
    "Japan: Suzuki; Sugawara, Itakura, Tomiyasu, Ito; Endo, Morita; Doan, Minamino, Nakamura; Ueda. Iraq: Jalal Hassan; \
     Hussein Ali, Saad Natiq, Rebin Sulaka, Merchas Doski; Amir Al-Ammari, Osama Rashid; Ibrahim Bayesh, Ali Jasim, \
     Youssef Amyn; Aymen Hussein. Senegal: Mendy; Sabaly, Koulibaly, Niakhaté, Jakobs; Camara, Gueye, Ciss; Sarr, Diatta, \
     Mané.",
];

/// Line-ups and injuries in Chinese, simplified.
pub const LINE_UPS: &[&str] = &[
    "预计首发：诺伊尔；基米希、于帕梅卡诺、德里赫特、阿方索·戴维斯；格雷茨卡、帕夫洛维奇；萨内、穆西亚拉、科曼；凯恩。伤停：格纳布里（肌肉\
     撕裂）、博伊（大腿）、萨尔（膝盖）、马兹拉维（脚踝）。替补：乌尔赖希、金玟哉、戴尔、莱默尔、托马斯·穆勒、特尔、舒波-莫廷。",
    "山东泰山（4-4-2）：王大雷；高准翼、郑铮、贾德松、刘洋；陈蒲、李源一、廖力生、克雷桑；费南多、泽卡。浙江队（4-3-3）：赵博；孙国文、卢卡斯、\
     梁诺恒、刘浩帆；李提香、程进、弗兰克；穆谢奎、莱昂纳多、高迪。缺阵：莫伊塞斯、彭欣力、吉翔、宋龙。",
    "利物浦伤病名单：阿利松（腿筋）、阿诺德（膝盖）、罗伯逊（肩部）、琼斯（脚踝）、索博斯洛伊（大腿）、若塔（膝盖）、蒂亚戈（髋部）、马蒂普\
     （十字韧带）、巴伊切蒂奇（小腿）。停赛：无。存疑：努涅斯、萨拉赫、加克波。",
    "国际米兰首发：佐默；帕瓦尔、阿切尔比、巴斯托尼；邓弗里斯、巴雷拉、恰尔汗奥卢、姆希塔良、迪马尔科；图拉姆、劳塔罗。那不勒斯：梅雷特；\
     迪洛伦佐、拉赫马尼、胡安·热苏斯、奥利维拉；安古伊萨、洛博特卡、特拉奥雷；波利塔诺、奥斯梅恩、克瓦拉茨赫利亚。",
    "大连英博主场迎战青岛西海岸。外援方面，祖米特、拉布亚德、马马杜与佩尼亚全部报名；西海岸的阿奇姆彭、内尔松、达维森、阿齐兹·尤素福、布\
     里纳奇悉数随队。门将穆尼尔上轮扑出点球，主裁判沈寅豪，视频助理裁判戴弋戈，第四官员郭海。",
    "亚盘：主让半球 0.92，客受半球 0.98；欧赔：主胜2.05，平局3.30，客胜3.45；大小球：大2.25球 0.88，小2.25球 1.00。近6场：胜平负\
     分别为3-2-1，进9失5；主场4胜1平1负，客场1胜2平3负；历史交锋8场：4胜2平2负，平均进球2.4个。",
    "第18轮积分榜：1.上海申花 44分；2.上海海港 42分；3.成都蓉城 38分；4.山东泰山 31分；5.北京国安 30分；6.天津津门虎 27分；7.浙江 25分；\
     8.河南 22分；9.长春亚泰 19分；10.武汉三镇 18分；11.沧州雄狮 17分；12.青岛海牛 16分。",
];

/// Traditional Chinese.
pub const TRADITIONAL: &[&str] = &[
    "賽前分析：利物浦主場氣勢如虹，近八場聯賽贏七場，薩拿與路爾斯迪亞斯狀態大勇。車路士後防傷兵滿營，列斯占士、高域爾及查路巴均告缺陣，門將\
     柏度域近況起伏。兩隊近五次交手四度打和，預料主隊可全取三分，比數看好二比零。",
    "香港超級聯賽：傑志對東方龍獅，開賽時間晚上七時半，地點旺角大球場。傑志預計正選：王振鵬；戴偉浚、艾力高、馬田列斯、羅梓駿；黃洋、古斯\
     達、沙沙；迪拿、米高、洛迪古斯。傷停：陳晉一（膝蓋）、鄭展龍（停賽）、譚駿傑（腳踝）。",
    "台灣企業甲級聯賽，台南市台灣鋼鐵迎戰台中未來。客隊門將潘文傑連續三場不失球，前鋒吳俊青單季攻入十二球；主隊陳柏良傷癒復出，中場組織\
     明顯改善。氣象預報當晚有雷陣雨，場地濕滑，對雙方傳控都不利。歷史對戰主隊六勝四和兩負。",
    "曼城（4-3-3）：艾達臣；華加、魯賓戴亞斯、艾簡治、格瓦迪奧爾；洛迪、迪布尼、貝拿度施華；科登、夏蘭特、杜古。阿仙奴（4-3-3）：拉耶；\
     賓韋、沙利巴、加比爾、辛真高；奧迪加特、賴斯、夏維斯；沙卡、捷西斯、馬天尼利。傷兵：添巴、史密夫路爾、柏迪。",
    "讓球盤：主隊讓一球，水位0.94；大小球盤：2.75球；角球：大9.5。往績：近10場6勝2和2負，入球17個，失球8個。主隊主場連續6場不敗，客隊作客\
     僅得3分。焦點球員：奧斯卡、胡爾克、埃爾克森、保連奴。裁判：艾堅治，黃牌平均每場4.2張。",
];

/// Japanese and Korean.
pub const JAPANESE_AND_KOREAN: &[&str] = &[
    "ヴィッセル神戸、川崎フロンターレ、名古屋グランパス、セレッソ大阪、ガンバ大阪、アビスパ福岡、サガン鳥栖、北海道コンサドーレ札幌、アルビレックス\
     新潟、柏レイソル、湘南ベルマーレ、京都サンガF.C.、東京ヴェルディ、FC町田ゼルビア、ジュビロ磐田、清水エスパルス",
    "横浜F・マリノスはポープ・ウィリアムが欠場、エドゥアルドと上島拓巳がセンターバックを組む。前線はアンデルソン・ロペス、エウベル、ヤン・\
     マテウスの三人。浦和は西川周作、酒井宏樹、ショルツ、ホイブラーテン、荻原拓也が先発し、興梠慎三はベンチスタートとなる見込み。",
    "鹿島アントラーズの予想スタメン：早川友基；濃野公人、植田直通、関川郁万、安西幸輝；佐野海舟、知念慶；名古新太郎、樋口雄太、仲間隼斗；鈴木優磨。\
     負傷者：柴崎岳（左膝）、師岡柊生（足首）、チャヴリッチ（太もも）。出場停止：なし。",
    "울산 HD FC, 전북 현대 모터스, 포항 스틸러스, 인천 유나이티드, FC 서울, 대구 FC, 제주 유나이티드, 수원 삼성 블루윙즈, 강원 FC, 광주 FC, \
     대전 하나 시티즌, 김천 상무, 수원 FC, 부산 아이파크, 경남 FC, 전남 드래곤즈, 안산 그리너스",
    "울산 선발 명단: 조현우; 설영우, 김영권, 황석호, 이명재; 고승범, 보야니치; 엄원상, 아타루, 루빅손; 주민규. 부상: 마틴 아담(종아리), \
     김민우(햄스트링), 이청용(발목). 경고 누적: 정승현. 주심은 고형진, 경기 시작은 오후 일곱 시이며 비가 예보되어 있다.",
    "포항: 황인재; 신광훈, 박찬용, 하창래, 완델손; 오베르단, 한찬희; 김인성, 고영준, 백성동; 제카. 인천: 김동헌; \
     김건희, 권한진, 델브리지; 홍시후, 신진호, 이명주, 민경현; 제르소, 무고사, 에르난데스.",
];
