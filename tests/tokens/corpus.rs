//! Prose, matches and numbers as predictions are made of: a few hundred characters each.

/// English prose.
pub const ENGLISH: &[&str] = &[
    "Arsenal come into this fixture unbeaten in seven, with four clean sheets in their last five home games. Saka is \
     back in full training after a hamstring problem, and Ødegaard started in midweek. Wolves have lost six of their \
     last eight away from Molineux and have not scored more than once on the road since early October. The bookmakers \
     make the hosts overwhelming favourites, and it is hard to argue with them.",
    "It was a match of few chances. The visitors pressed high for the first twenty minutes, forced two corners and a \
     smart save from the goalkeeper, and then faded. After the break the home side found more room between the lines; \
     their captain hit the post, a penalty appeal was waved away, and a draw looked likely until a deflected free kick \
     in stoppage time settled it.",
    "Expected goals tell a different story: the Seagulls have created 2.1 a game against an average of 1.4 conceded, \
     yet they have won only three of eleven. Regression to the mean suggests better days, but an injury list that \
     includes Mitoma, Webster, Lamptey and Estupiñán leaves De Zerbi with eleven fit outfield players and a bench of \
     teenagers.",
    "Both teams need the points. A win would lift Burnley out of the relegation zone for the first time since August, \
     while Nottingham Forest could go nine points clear with six to play. The pitch at Turf Moor was heavy on Tuesday \
     night and more rain is forecast, which ought to suit the side that plays more directly. Their last four meetings \
     all finished with under 2.5 goals.",
    "Al-Hilal vs Al-Nassr, Saudi Pro League, round 14. Mitrović has 17 goals in 13 matches; Ronaldo 16. Neymar remains \
     out (ACL). Referee: Szymon Marciniak. Form (last 5): WWWWD - WWLWW. Head to head: 6 wins, 3 draws, 2 defeats. \
     Weather: 24°C, wind 11 km/h. Kick-off at 21:00 local time, in front of a sell-out crowd of 68,752.",
    "Boca Juniors travel to Avellaneda without Marcos Rojo, suspended after his red card in the Superclásico. Racing \
     Club, under Gustavo Costas, have conceded only twice at El Cilindro this season. Copa Libertadores fatigue may \
     matter: Boca flew back from Fortaleza on Thursday and will rotate, so expect Langoni, Saracchi and Bullaude from \
     the start.",
    "The Old Firm derby rarely follows the form book. Celtic have dropped points in three straight away matches, \
     Rangers have won nine on the bounce under Clement, and yet the champions still lead by two. Kyogo Furuhashi has \
     scored in five of his seven derbies, and the noise at Celtic Park will do the rest.",
];

/// German prose.
pub const GERMAN: &[&str] = &[
    "Der 1. FC Köln empfängt am Samstagnachmittag Borussia Mönchengladbach zum rheinischen Derby. Die Gastgeber warten \
     seit fünf Spielen auf einen Sieg und haben in dieser Zeit nur zwei Tore erzielt. Trainer Timo Schultz muss auf den \
     gesperrten Innenverteidiger und auf den verletzten Kapitän verzichten, dafür kehrt Waldschmidt in den Kader \
     zurück. Gladbach gewann zuletzt auswärts überraschend deutlich in Wolfsburg.",
    "Bayern München geht als klarer Favorit in die Begegnung mit dem Aufsteiger aus Heidenheim. Die Mannschaft hat elf \
     Pflichtspiele in Folge gewonnen und dabei im Schnitt mehr als drei Treffer geschossen. Heidenheim verteidigt \
     allerdings leidenschaftlich, ist bei Standardsituationen gefährlich und ließ in den vergangenen vier Heimspielen \
     lediglich drei Gegentore zu. Mit einem knappen Ergebnis ist dennoch nicht zu rechnen.",
    "Nach der Winterpause fehlt den Eisernen noch der Rhythmus: Ballverluste im Spielaufbau, zu große Abstände zwischen \
     den Ketten und eine erschreckend schwache Chancenverwertung. Der Abstiegskampf wird auch über die Nerven \
     entschieden. Wer in der Schlussviertelstunde den kühleren Kopf bewahrt, nimmt die drei Punkte aus der Alten \
     Försterei mit.",
    "Vorbericht: Der Hamburger SV braucht im Volksparkstadion dringend einen Dreier, um den Relegationsplatz zu \
     verlassen. Das Hinspiel endete 2:2, nachdem die Rothosen eine Zwei-Tore-Führung verspielt hatten. Schiedsrichter \
     der Partie ist Deniz Aytekin, Anstoß um 20:30 Uhr. Die voraussichtliche Aufstellung: Heuer Fernandes - Mikelbrencis, \
     Schonlau, Ramos, Muheim - Meffert, Reis - Jatta, Benes, Königsdörffer - Glatzel.",
    "Im Achtelfinale des DFB-Pokals trifft der Drittligist auf den Titelverteidiger. Ein Weiterkommen wäre eine \
     Sensation, doch die Saarländer haben in diesem Wettbewerb schon zwei Bundesligisten ausgeschaltet. Der Rasen im \
     Ludwigspark ist nach den Regenfällen der vergangenen Wochen tief und schwer bespielbar; das könnte den \
     technisch überlegenen Gästen die Arbeit erschweren.",
    "Statistik: In 38 Duellen gab es 17 Siege für Bremen, 9 Unentschieden und 12 Niederlagen. Zuhause trafen die \
     Hanseaten in jedem der letzten zehn Spiele. Ausfälle: Keïta (Muskelverletzung), Pieper (Sprunggelenk), Velković \
     (Gelbsperre). Fraglich: Ducksch (Wadenprobleme). Augsburg reist ohne Dorsch, Framberger und Uduokhai an.",
    "Der Abstieg ist kaum noch abzuwenden: Mit nur vierzehn Punkten aus sechsundzwanzig Begegnungen steht Darmstadt \
     abgeschlagen am Tabellenende. Lieberknecht kritisierte nach der Niederlage in Bochum die mangelnde \
     Zweikampfhärte. Gegen Stuttgart, das sich mit Undav, Führich und Guirassy in bestechender Form befindet, droht \
     die nächste Klatsche.",
    "Wetter: 3 Grad, Schneeregen. Zuschauer: ausverkauft. Die Hertha hat das Stadtderby noch nie gewonnen, seit beide \
     in derselben Liga spielen. Kapitän Toni Leistner fehlt gelbgesperrt, Torhüter Ernst ist wieder fit.",
];

/// Chinese prose.
pub const CHINESE: &[&str] = &[
    "本场比赛主队拜仁慕尼黑近期状态火热，联赛取得六连胜，场均打入三球以上。凯恩上一轮梅开二度，穆西亚拉伤愈复出，中场控制力明显提升。客队\
     多特蒙德客场防守不稳，最近五个客场丢了十一球，主力中卫胡梅尔斯因累积黄牌停赛。历史交锋方面，拜仁在安联球场对阵多特已经连续八场不败。",
    "上海海港与山东泰山的这场焦点战将在浦东足球场进行。武磊目前以十九粒进球领跑射手榜，奥斯卡贡献了十二次助攻。山东泰山主帅崔康熙表示球队\
     将稳守反击，克雷桑是前场最大的威胁。天气预报显示当晚有小雨，气温十八度，湿滑的场地可能影响双方的传控节奏。",
    "赛前分析：鹿岛鹿角主场战绩出色，近十个主场七胜二平一负。横滨水手本赛季波动较大，防线频繁失误，门将一森纯多次救险。双方最近六次交手，\
     鹿岛取得四胜一平一负。博彩公司开出主让半球低水，显示对主队信心充足。预计比分二比一或一比零。",
    "英超第二十三轮，曼彻斯特城坐镇伊蒂哈德球场迎战狼队。瓜迪奥拉的球队在欧冠赛场刚刚三比零击败哥本哈根，体能储备充足。狼队前锋黄喜灿与\
     库尼亚双双受伤，进攻端主要依靠内托的个人能力。曼城过去十次主场对阵狼队赢下九场，数据上占据绝对优势。",
    "欧冠1/8决赛首回合，皇家马德里客场0-1负于莱比锡RB，次回合回到伯纳乌必须全力以赴。贝林厄姆脚踝扭伤缺席，维尼修斯与罗德里戈领衔锋线，\
     莫德里奇有望首发。莱比锡的奥蓬达速度极快，反击质量高，近5场打进8球。裁判组由意大利人奥尔萨托执法，开球时间为3月6日20:00。",
    "中甲联赛保级大战，延边龙鼎坐镇延吉市全民健身体育中心迎战江西庐山。主队近期连续三轮不胜，后防核心王鹏伤缺，外援伊沃状态低迷。客队积分\
     垫底，客场仅取得一场胜利，士气低落。预计双方都会以保守的策略开局，比赛场面可能沉闷，出现平局的概率不小。",
    "阵容：武汉三镇(4-4-2)：刘殿座；邓涵文、任航、高准翼、何超；谢鹏飞、斯坦丘、华莱士、戴维森；马尔康、艾哈迈多夫。\
     替补：王健安、张文涛、刘奕鸣、段昀孜。沧州雄狮以防守反击为主，奥斯卡·马里图与希杨是进攻关键。",
    "意甲焦点战，国际米兰坐镇梅阿查球场迎战尤文图斯。劳塔罗状态神勇，已经打进二十球，图拉姆与他配合默契。尤文缺少中场\
     核心拉比奥，弗拉霍维奇腿筋不适，能否出场仍需观察。两队首回合一比一握手言和。",
];

/// Prose in other languages of the Latin script, and without capitals.
pub const OTHER_LATIN: &[&str] = &[
    "El Sevilla recibe al Getafe en un partido clave para evitar el descenso. Los locales no ganan en su estadio \
     desde noviembre y el entrenador ha pedido paciencia a la afición. El delantero marroquí sigue lesionado y \
     tampoco estará el capitán, que cumple sanción. Los visitantes llegan tras cuatro jornadas sin perder y con la \
     defensa menos goleada fuera de casa.",
    "Les Verts restent sur une série de six matchs sans défaite et peuvent revenir à hauteur du leader. \
     L'entraîneur devra composer sans son gardien, blessé à l'épaule, ni son milieu défensif, suspendu. En face, \
     les visiteurs ont encaissé neuf buts lors de leurs trois derniers déplacements et cherchent encore la bonne \
     formule en attaque.",
    "Dopo il pareggio nel derby la squadra di casa cerca il riscatto davanti al proprio pubblico. L'allenatore \
     recupera il centravanti ma perde il regista per squalifica; in difesa spazio al giovane cresciuto nel vivaio. \
     Gli ospiti vengono da tre vittorie consecutive e hanno subito soltanto un gol nelle ultime cinque giornate.",
    "O time da casa não perde há nove rodadas e conta com a volta do artilheiro, recuperado de lesão na coxa. O \
     treinador deve repetir a escalação que venceu o clássico no domingo passado. Já os visitantes brigam contra o \
     rebaixamento e não vencem longe da sua torcida desde o início do campeonato.",
    "De thuisploeg heeft de laatste vijf wedstrijden gewonnen en kan bij winst de koppositie overnemen. De trainer \
     mist zijn geblesseerde aanvoerder en de geschorste linksback. De bezoekers wonnen uit pas één keer en kregen \
     dit seizoen gemiddeld twee doelpunten per wedstrijd tegen.",
    "Gospodarze nie przegrali od siedmiu spotkań i tracą do lidera tylko dwa punkty. Trener nie może skorzystać z \
     zawieszonego obrońcy oraz kontuzjowanego napastnika, który zdobył już jedenaście bramek. Goście zawodzą na \
     wyjazdach, gdzie w tym sezonie wywalczyli zaledwie cztery punkty i stracili najwięcej goli.",
    "Domaćini su u odličnoj formi i nisu izgubili osam utakmica zaredom. Trener neće moći računati na ozlijeđenog \
     vezista, ali vraća se prvi strijelac momčadi. Gosti su na gostovanjima skromni, osvojili su samo pet bodova i \
     primili najviše pogodaka u ligi.",
    "Ev sahibi ekip son beş maçında yenilgi yüzü görmedi ve taraftarı önünde kazanarak zirveye yaklaşmak istiyor. \
     Teknik direktör sakat kaptanından yararlanamayacak, genç oyuncu ilk on birde başlayacak. Konuk takım ise \
     deplasmanda yedi haftadır galip gelemiyor ve savunmada büyük sorunlar yaşıyor.",
    "arsenal v wolves: saka, odegaard and rice all start; jesus, timber and tomiyasu out. wolves without cunha, \
     hwang and neto; lemina doubtful. last five for the gunners wwdww, for the visitors llwdl. odds 1.25 6.00 11.00",
];

/// Matches as the prompt lists them, a line of JSON each, and the answers to them.
pub const LINES: &[&str] = &[
    r#"{"match_id":"m1","home_team":"1. FC Köln","away_team":"Borussia Mönchengladbach","competition":"Bundesliga","kickoff":"2026-03-14T14:30:00Z"}
{"match_id":"m2","home_team":"FC Bayern München","away_team":"1. FSV Mainz 05","competition":"Bundesliga","kickoff":"2026-03-14T14:30:00Z"}
{"match_id":"m3","home_team":"TSG 1899 Hoffenheim","away_team":"SV Werder Bremen","competition":"Bundesliga","kickoff":"2026-03-14T17:30:00Z"}"#,
    r#"{"match_id":"7f3e9a52-1c4b-4d8e-9b06-5a2f8c7d1e90","home_team":"鹿島アントラーズ","away_team":"横浜F・マリノス","competition":"J1リーグ","kickoff":"2026-04-05T05:00:00Z"}
{"match_id":"0c8d41b7-92fa-4e35-a7c6-3be1950d2f48","home_team":"浦和レッズ","away_team":"サンフレッチェ広島","competition":"J1リーグ","kickoff":"2026-04-05T06:00:00Z"}"#,
    r#"{"match_id":"epl-2026-r29-1042","home_team":"Wolverhampton Wanderers","away_team":"Brighton & Hove Albion","competition":"Premier League","kickoff":"2026-03-15T15:00:00+00:00"}
{"match_id":"epl-2026-r29-1043","home_team":"Tottenham Hotspur","away_team":"Crystal Palace","competition":"Premier League","kickoff":"2026-03-15T15:00:00+00:00"}"#,
    r#"{"match_id":"cn-0317","home_team":"上海海港","away_team":"北京国安","competition":"中超联赛","kickoff":"2026-05-02T11:35:00Z","analysis":"主队近五场四胜一平，国安客场胜率不足三成。"}
{"match_id":"cn-0318","home_team":"成都蓉城","away_team":"浙江俱乐部绿城","competition":"中超联赛","kickoff":"2026-05-02T12:00:00Z"}"#,
    r#"{"match_id":"20260314-BJK-FB","home_team":"Beşiktaş","away_team":"Fenerbahçe","competition":"Süper Lig","kickoff":"2026-03-14T16:00:00Z"}
{"match_id":"20260314-SLA-SPA","home_team":"SK Slavia Praha","away_team":"AC Sparta Praha","competition":"Chance Liga","kickoff":"2026-03-14T18:00:00Z"}
{"match_id":"20260314-LEG-WIS","home_team":"Legia Warszawa","away_team":"Wisła Płock","competition":"Ekstraklasa","kickoff":"2026-03-14T19:15:00Z"}"#,
    r#"{"predictions": [{"match_id": "m1", "home_score": 2, "away_score": 1}, {"match_id": "m2", "home_score": 0, "away_score": 0}, {"match_id": "m3", "home_score": 3, "away_score": 1}, {"match_id": "m4", "home_score": 1, "away_score": 1}, {"match_id": "m5", "home_score": 2, "away_score": 2}]}"#,
    "{\n  \"predictions\": [\n    {\n      \"match_id\": \"5e884898-da28-4715-8b1d-0a6c3f7e2b91\",\n      \"home_score\": \
     2,\n      \"away_score\": 1\n    },\n    {\n      \"match_id\": \"c3ab8ff1-3720-4e8a-9047-dd39466b3c89\",\n      \
     \"home_score\": 0,\n      \"away_score\": 3\n    }\n  ]\n}",
    r#"{"match_id":"b7e23ec2-9af2-2ab4-6079-c2b6b1f2c3a4","home_team":"Borussia Dortmund","away_team":"VfL Bochum 1848","competition":"Bundesliga","kickoff":"2026-04-11T13:30:00Z","analysis":"Odds 1.36 / 5.25 / 8.00. Bochum haben auswärts erst 6 Punkte geholt."}"#,
    r#"{"match_id":"550e8400-e29b-41d4-a716-446655440000","home_team":"横浜FC","away_team":"ジュビロ磐田","competition":"J2リーグ","kickoff":"2026-04-11T05:00:00Z"}
{"match_id":"f47ac10b-58cc-4372-a567-0e02b2c3d479","home_team":"セレッソ大阪","away_team":"名古屋グランパス"}"#,
    r#"{"match_id":"m17","home_team":"北京国安","away_team":"天津津门虎"}
{"match_id":"m18","home_team":"长春亚泰","away_team":"河南酒祖杜康"}
{"match_id":"m19","home_team":"深圳新鹏城","away_team":"梅州客家"}"#,
];

/// Ids, odds and tables.
pub const NUMBERS: &[&str] = &[
    "7f3e9a52-1c4b-4d8e-9b06-5a2f8c7d1e90\n0c8d41b7-92fa-4e35-a7c6-3be1950d2f48\nb1946ac9-2492-4d23-8f6c-1e7a0d5b3c84\n\
     e99a18c4-28cb-38d5-f260-853678922e03\n4a7d1ed4-1447-4e40-88f1-0c6b9d3a5e27\nd41d8cd9-8f00-b204-e980-0998ecf8427e",
    "Odds: 1 2.35, X 3.40, 2 2.95; over 2.5 1.87, under 2.5 1.93; both score 1.72, not 2.05; 1X 1.38, X2 1.57, 12 1.31; \
     0:0 11.00, 1:0 8.50, 0:1 9.75, 1:1 6.25, 2:1 9.00, 1:2 10.50, 2:0 12.00, 0:2 15.00, 2:2 14.50; Asian handicap \
     -0.25 2.02, +0.25 1.84",
    "home,draw,away\n1.45,4.75,6.50\n2.10,3.30,3.60\n3.75,3.55,1.98\n1.08,11.00,26.00\n2.62,3.10,2.88\n5.25,4.20,1.57\n\
     1.91,3.60,4.10\n2.30,3.25,3.20\n1.22,6.50,12.00\n4.33,3.80,1.78\n2.05,3.50,3.55\n3.10,3.40,2.30",
    "[1.83, 3.75, 4.33, 2.1, 1.72, 6.5, 2.88, 3.2, 2.5, 1.95, 3.4, 3.9, 1.5, 4.2, 7.0, 2.25, 3.1, 3.5, 1.36, 5.0, 8.5, \
     2.75, 3.3, 2.6, 1.66, 3.8, 5.25, 2.0, 3.45, 3.65, 1.57, 4.0, 6.0, 4.75, 3.7, 1.75]",
    "| # | team | P | W | D | L | goals | pts |\n|---|---|---|---|---|---|---|---|\n| 1 | Leverkusen | 26 | 22 | 4 | 0 | \
     66:18 | 70 |\n| 2 | Bayern | 26 | 19 | 3 | 4 | 78:31 | 60 |\n| 3 | Stuttgart | 26 | 18 | 2 | 6 | 60:31 | 56 |\n| 4 | \
     Dortmund | 26 | 14 | 8 | 4 | 53:32 | 50 |",
    "fixture:1035098 fixture:1035099 fixture:1035104 fixture:1208512 fixture:1208513 event=6612345678901 \
     event=6612345678902 sr:match:41763047 sr:match:41763049 sr:match:50850665 01HV3Q8ZK5T2M9XWB4R7NDFGCE \
     01HV3Q8ZM1A6JYPS0E3KQVT9HC clv9x2k7q0001l508h3dmz6wy",
    "2.05 3.40 3.75; 1.909 3.600 4.333; 11/10 5/2 13/5; +150 +220 -110; 1,85 3,60 4,20; 54.3% 25.1% 20.6%; \
     xG 1.84-0.97, 2.31-1.05; 14.03.2026 15:30; 90+4'",
];
