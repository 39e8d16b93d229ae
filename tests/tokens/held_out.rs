//! Texts of every kind that the estimate was not fitted to.

/// Prose, and prose with many names.
pub const PROSE: &[&str] = &[
    "Brentford have kept just two clean sheets since Christmas and concede most of their goals from set pieces. Frank \
     has Mbeumo and Wissa available again, but Henry, Jensen and Schade remain in the treatment room. Luton arrive \
     having taken a point at Goodison Park, where Adebayo's late header rescued them, and Edwards may stick with a back \
     three of Burke, Mengi and Osho.",
    "Ruch Chorzów travel to Kielce without Szczepan, Kozak and Foszmańczyk. Korona's Jewgienij Szykawka has scored in \
     three straight games, while Miłosz Trojak and Dominick Zator are expected to start in central defence. Radomiak \
     Radom, Puszcza Niepołomice and Warta Poznań all lost at the weekend, so a draw would be enough to leave the bottom \
     three.",
    "Paderborn musste zuletzt drei Niederlagen hinnehmen und rutschte auf den achten Rang ab. Cheftrainer Lukas Kwasniok \
     setzt trotzdem weiter auf das Pressing im Mittelfeld, obwohl Leistungsträger wie Obermair, Muslija und Bilbija \
     angeschlagen sind. Die Kieler reisen dagegen mit breiter Brust an: Seit der Niederlage in Düsseldorf blieb die \
     Mannschaft von Marcel Rapp ungeschlagen.",
    "广州恩波本轮客场挑战苏州东吴，球队近四轮仅取得一平三负，攻击线严重哑火。主教练在赛前发布会上承认更衣室气氛紧张，但相信老将的经验能够帮\
     助球队走出低谷。苏州东吴主场战绩稳定，六个主场只输过一场，定位球得分能力突出，值得重点关注。",
];

/// Lists of names in the Latin script.
pub const NAMES: &[&str] = &[
    "Crystal Palace XI: Henderson; Andersen, Richards, Guéhi; Muñoz, Hughes, Wharton, Mitchell; Olise, Eze; Mateta. Subs: \
     Johnstone, Ward, Tomkins, Clyne, Lerma, Schlupp, Ahamada, Ayew, Édouard. Injured: Holding, Franca (calf), \
     Ebiowei, Riedewald, Ozoh, Doucouré (Achilles).",
    "Kader Bochum: Riemann, Luthe; Passlack, Ordets, Masović, Bernardo, Schlotterbeck, Gamboa, Soares, Wittek; Losilla, \
     Stöger, Bero, Förster, Osterhage, Daschner; Asano, Antwi-Adjei, Paciência, Broschinski, Hofmann, Kwarteng. \
     Langzeitverletzt: Loosli (Sprunggelenk), Elezi.",
    "Groupe de Strasbourg : Bellaarouch, Sels, Delaine, Doukouré, Guilbert, Mwanga, Nyamsi, Perrin, Senaya, Sobol, \
     Sow, Sylla, Aholou, Bakwa, Bellegarde, Diarra, Diong, Deminguet, Angelo, Emegha, Gameiro, Mothiba, Sahi, Sebas. \
     Incertain : Thomasson, Le Marchand, Dagba.",
    "Celta de Vigo: Iván Villar; Mingueza, Starfelt, Unai Núñez, Manu Sánchez; Fran Beltrán, Renato Tapia, De la Torre, \
     Jonathan Bamba; Iago Aspas, Strand Larsen. Osasuna: Sergio Herrera; Areso, Catena, David García, Mojica; Lucas Torró, \
     Iker Muñoz, Moncayola; Rubén García, Budimir, Arnáiz.",
    "Slaven Belupo: Čović; Katalinić, Boras, Kovačić, Božić; Hoxha, Crepulja, Ćubelić, Mioč; Šuto, Nestorovski. \
     Lokomotiva: Čavlina; Bartolec, Kolinger, Čović, Goričan; Mudražija, Stojković, Kačavenda, Pivarić; Dabro, \
     Tuci. Neizvjesni: Vasilj, Karačić, Gojak, Oršulić.",
    "Śląsk: Leszczyński; Żukowski, Paluszek, Bejger, Janasik; Pokorný, Olsen, Nahuel, Samiec-Talar, Żyro; Expósito. Jagiellonia: \
     Alomerović; Sáček, Skrzypczak, Dieguez, Wdowik; Nastić, Kubicki, Romanczuk; Marczuk, Imaz, Pululu. Pauzują: Łaski, \
     Wojciechowski, Stojinović, Mrożek.",
    "Başakşehir: Şengezer; Şahiner, Ndayishimiye, Duarte, Lima; Özcan, Kemen, Türüç; Figueiredo, Piątek, Ünal. \
     Antalyaspor: Yiğiter; Balcı, Sarı, Toprak, Vural; Erdilman, Kaluzinski, Larsson; Gaich, Buksa, Bytyqi. Cezalılar: \
     Keser, Gürler, Aleksić, Çinemre, Güçlü.",
    "Ferencváros: Dibusz; Botka, Cissé, Mmaee, Ramírez; Ben Romdhane, Abena; Marquinhos, Zachariassen, Pešić; Varga. \
     Steaua: Târnovanu; Crețu, Ngezana, Dawa, Radunović; Edjouma, Şut, Olaru; Miculescu, Bîrligea, Coman. Accidentați: \
     Popescu, Ștefănescu, Băluță, Phelipe.",
    "FINAL TEAM NEWS: CELTIC: HART; RALSTON, CARTER-VICKERS, SCALES, TAYLOR; O'RILEY, IWATA, BERNARDO; FORREST, \
     FURUHASHI, MAEDA. HEARTS: GORDON; SIBBICK, KENT, ROWLES, COCHRANE; NIEUWENHOF, DEVLIN, BENI; VARGAS, SHANKLAND, \
     OYEGOKE. UNAVAILABLE: ABADA, HATATE, JOHNSTON.",
    "Wolfsburg: Casteels; Fischer, Lacroix, Bornauw, Rogerio; Arnold, Vranckx, Majer; Wimmer, Wind, Černý. Ausfälle: \
     Paredes (Muskelbündelriss), Kaminski (Handbruch), Cozza (Sehnenverletzung), Gerhardt (Sprunggelenkbruch), Tiago \
     Tomás. Nicht im Kader: Pervan, Ambros, Bürger, Odogu, Neiva.",
    "Bajas del Cádiz: Mabil, Sergi Guardiola, Brian Ocampo, Iza Carcelén, Joseba Zaldúa, Luis Hernández. Once \
     probable: Ledesma; Lucas Pires, Chust, Fali, Javi Hernández; Alcaraz, Kouamé; Rubén Sobrino, Juanmi, Machís; \
     Chris Ramos, Maxi Gómez.",
    "Slavia: Mandous; Vlček, Holeš, Ogbu; Douděra, Zafeiris, Dorley, Bořil; Schranz, Jurečka, Chytil. Baník: \
     Letáček; Juroška, Lischka, Frydrych, Fleišman; Boula, Kubala, Buchta, Ewerton; Šín, Tetour. Zraněni: Ševčík, \
     Masopust, Igoh, Hrubý, Blažek.",
    "Puskás Akadémia: Pécsi; Maceiras, Stronati, Golla, Nagy; Favorov, Plšek; Corbu, Komáromi, Soisalo; Levente. \
     Debrecen: Megyeri; Lagator, Romanchuk, Szűcs, Ferenczi; Dzsudzsák, Dreškovič, Szécsi; Bódi, Bárány, Pávkovics. \
     Sérültek: Mészáros, Kórodi, Vajda, Kőszegi.",
    "Fenerbahçe: Livaković; Osayi-Samuel, Djiku, Becão, Oosterwolde; Yüksek, Krunić, Szymański; Ünder, Džeko, Tadić. \
     Beşiktaş: Günok; Svensson, Worrall, Uysal, Masuaku; Al-Musrati, Fernandes, Uçan; Rashica, Aboubakar, Muleka. \
     Eksikler: Kılıçsoy, Çolak, Tosun, Uçar, Akgün, Müldür.",
];

/// Line-ups and injuries in Chinese, and traditional Chinese.
pub const CHINESE: &[&str] = &[
    "巴萨预计首发：特尔施特根；孔德、阿劳霍、库巴西、坎塞洛；克里斯滕森、德容、京多安；亚马尔、莱万多夫斯基、拉菲尼亚。缺阵：加维（十字韧\
     带）、巴尔德（腿筋）。马竞：奥布拉克；维特塞尔、希门尼斯、埃尔莫索；略伦特、德保罗、科克、萨乌尔、里克尔梅；格列兹曼、德佩。",
    "成都蓉城：蹇韬；胡荷韬、理查德、李扬、胡睿宝；周定洋、古尔芬克尔、罗慕洛；韦世豪、费利佩、艾克森。伤停：唐淼（跟腱）、甘超（小腿）、\
     汤鑫（停赛）、戴伟浚（存疑）。北京国安：韩佳奇；王刚、恩加德乌、柏杨、李磊；张稀哲、达万、池忠国；林良铭、法比奥、张玉宁。",
    "主胜2.38，平局3.10，客胜2.95；让球：主队-0.25 1.04，客队+0.25 0.86；两队都进球：是1.83，否1.95；半场：主3.00 平2.05 客3.60。近\
     5次交锋：2胜1平2负，场均2.2球；角球场均5.4个，黄牌场均2.1张。",
    "大埔主場對理文，主隊近五場三勝一和一負，前鋒比達單季攻入十一球，保沙拿與菲蘭度負責中路組織。客隊門將郭嘉諾手指受傷，後衛法蘭薩停賽\
     一場，預計由杜力基與鍾偉強搭檔。盤口主隊讓半球，賠率一點八五，大小球兩球半，天氣多雲，氣溫二十二度。",
    "皇家馬德里：魯寧；卡華積、呂迪加、拿祖、文迪；卡馬榮加、古奧斯、華維迪；比寧咸、雲尼斯奧斯、洛迪高。祖雲達斯：施捷斯尼；加迪、比利文、\
     丹尼路；金比亞素、麥堅尼、盧卡迪利、拉比奧、哥斯迪；基艾沙、華賀域。缺席：高圖爾斯、阿拉巴、米利達奧、普巴。",
    "热刺首发：维卡里奥；波罗、罗梅罗、范德文、乌多吉；比苏马、萨尔；库卢塞夫斯基、麦迪逊、孙兴慜；理查利森。替补：奥\
     斯汀、德拉古辛、埃默森、霍伊别尔、洛塞尔索、本坦库尔、维尔纳、斯卡利特。布莱顿：斯蒂尔；费尔特曼、范赫克、邓克、\
     埃斯图皮尼安；吉尔莫、格罗斯；阿丁格拉、拉拉纳、三笘薰；费尔格森。",
    "长春亚泰伤员：罗慕洛（半月板）、谭龙（跟腱）、贝里奇（大腿后侧）、王耀鹏（韧带）、隋维杰（停赛）。预计阵型4-2-3-\
     1：伍杰；孙捷、阿布都海米提、李申圆、金楚赫；程长城、里格斯；扎克里亚、塞尔吉尼奥、德兰；莱昂纳多。",
    "拜仁慕尼黑（4-2-3-1）：紐亞；馬沙拉維、尤柏美卡奴、金玟哉、艾方素戴維斯；甘美治、哥列斯卡；辛尼、湯馬士梅拿、高\
     文；卡尼。多蒙特：高比爾；賴亞臣、曉姆斯、史洛達碧、馬特森；艾瑪簡、沙比沙；馬倫、布蘭迪、艾迪耶美；富古格。缺陣\
     ：加比、拿利、雷納。",
];

/// Japanese and Korean.
pub const JAPANESE_AND_KOREAN: &[&str] = &[
    "ロアッソ熊本、ジェフユナイテッド千葉、ファジアーノ岡山、ベガルタ仙台、モンテディオ山形、V・ファーレン長崎、徳島ヴォルティス、大分トリニータ、\
     愛媛FC、ヴァンフォーレ甲府、水戸ホーリーホック、いわきFC、レノファ山口FC、ブラウブリッツ秋田、栃木SC、藤枝MYFC",
    "広島の先発は大迫敬介、塩谷司、荒木隼人、佐々木翔、中野就斗、川村拓夢、満田誠、東俊希、加藤陸次樹、大橋祐紀、ピエロス・ソティリウ。雨の予報\
     でピッチは重く、前回の対戦は一対一の引き分けに終わった。",
    "전북 선발: 정민기; 안현범, 정태욱, 박진섭, 김진수; 보아텡, 이수빈; 이동준, 송민규, 전병관; 티아고. 서울은 기성용과 린가드가 부상에서 \
     돌아왔고 일류첸코가 최전방에 선다. 최근 다섯 경기에서 두 승 두 무 한 패를 기록했다.",
    "新潟：小島亨介；藤原奏哉、舞行龍ジェームズ、トーマス・デン、堀米悠斗；秋山裕紀、高宇洋；松田詠太郎、高木善朗、小\
     見洋太；鈴木孝司。鳥栖：朴一圭；原田亘、山﨑浩介、ファン・ソッコ、菊地泰智；河原創、森谷賢太郎；岩崎悠人、小野裕\
     二、長沼洋一；富樫敬真。",
];

/// Odds and tables.
pub const NUMBERS: &[&str] = &[
    "bookmaker;1;X;2\nbet365;1.80;3.75;4.20\nPinnacle;1.847;3.81;4.46\nUnibet;1.82;3.70;4.30\nBetfair;1.86;3.85;4.50\n\
     William Hill;1.80;3.60;4.20\nbwin;1.83;3.70;4.25\nMarathon;1.87;3.84;4.45\nover/under 2.5: 1.66/2.23; 3.5: \
     2.70/1.47; BTTS 1.62/2.30; AH -0.75 2.03/1.89",
    "xG 2.04–1.17; PPDA 9.6 v 12.8; possession 57%; shots 15 (6) v 9 (3); corners 7-4; odds 1.72/3.90/4.75; handicap \
     -0.75 @ 1.95; O/U 2.5 1.80/2.05; both score 1.83; form WWDLW/LDLWL; GD +12/-9; points a game 1.94 vs 1.06",
    "Platz | Verein | Sp. | S | U | N | Tore | Diff. | Pkt.\n1 | FC St. Pauli | 30 | 17 | 10 | 3 | 55:31 | +24 | 61\n2 | \
     Holstein Kiel | 30 | 18 | 4 | 8 | 58:36 | +22 | 58\n3 | Fortuna Düsseldorf | 30 | 16 | 7 | 7 | 66:37 | +29 | 55\n4 | \
     Hamburger SV | 30 | 14 | 7 | 9 | 55:43 | +12 | 49",
    "Asian lines: Inter -1.25 2.01/1.89, Udinese +1.25; totals 2.75 1.94/1.96; first goal: Martínez 4.50, Thuram \
     5.75, Lucca 9.00, Arnautović 6.50; correct score 2-0 7.50, 3-0 9.75, 1-1 11.0; cards over 4.5 2.12",
];
