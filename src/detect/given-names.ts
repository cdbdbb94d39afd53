/**
 * Given names that are usual in Europe, the Americas, and among Arabic, Indian and East Asian names in Latin script: by their frequency in
 * daily life, as we know them. No list was copied.
 */
const plain = `
  aaron abby abdul abdullah abel abigail abraham achim adam addison adele aditi adrian adriana adrienne adrián agata agnes
  agnieszka agustin ahmad ahmed aidan aileen aino aisha akash akira alan alana alastair albert alberto alejandra alejandro
  aleksandr aleksandra alessandra alessandro alessia alex alexander alexandra alexandre alexei alexis aleš alfonso alfred
  alfredo ali alice alicia alina alisa alison alistair allan allen allison alma alvaro alvin alyssa amalia amanda amber amelia
  amelie amina amir amit amy ana ananya anastasia anaïs anders andre andrea andreas andrei andres andrew andrzej andré andrés
  andy angela angelica angelina angelo angie angus anil anita anja anjali ann anna annabelle anne anneke annette annika
  anthony antoine antoinette antonia antonio antti antónio anya ariana arianna arjun arlene armando arnaud arnold arthur
  arturo asha ashley ashok astrid attila aubrey audrey ava axel ayesha aylin ayumi ayşe balázs barbara barry bart bartosz
  beatrice beatriz becky belinda ben benedict benedikt bengt benjamin bennett benoit benoît bernadette bernard bernardo bernd
  bernhard bertha beth bethany betty beverly bianca bilal billy birgitta bjorn björn blake bob bobby bohumil bonnie boris brad
  bradley bram brandi brandon branko brayden brenda brendan brent brett brian briana brianna bridget brigitte britney brittany
  bruce bryan caitlin caleb calvin cameron camila camilla camille candice cara carina carl carla carlo carlos carmen carole
  carolina caroline carolyn carrie carsten casey catalina catarina caterina catherine cathy cecile cecilia cedric celeste
  celia celine chantal charlene charles charlie chen cheryl chiara chinedu chloe chloé chris christa christiane christina
  christine christoph christophe christopher christy ciara cindy claire clara clarence clarissa claudia claudio claus clayton
  clemens clifford clive colette colin colleen concetta connie connor conor constance corey corinna corinne cornelia cornelis
  cory courtney craig cristian cristiano cristina csaba curtis cynthia cyril cécile céline dagmar daisuke damian damien damon
  dan dana daniel daniela danielle danilo danny daphne darius darlene darrell darren daryl dave david davide dawid deanna
  debbie deborah debra deepak delia denis denise dennis derek derrick desiree desmond detlef devin devon diana diane didier
  diego dieter dietmar dilip dimitri dina dirk divya dmitri dmitry dominic dominik dominique donald donna dora doreen doris
  dorothea dorothy doug douglas dragan duncan dustin dušan dwayne dwight dylan eddie edgar edith edmund edna eduardo edward
  edwin egil eileen einar elaine eleanor elena eleni elias elijah elin eline elisa elisabeth elise eliza elizabeth ella ellen
  ellie elliot elliott elmar elmer elsa elsie elvira emanuel emil emilia emiliano emilie emilio emily emma emmanuel enrico
  enrique enzo eric erica erich erik erika erin erling ernest ernesto ernst erwin esra esteban estelle esther eszter ethan
  ethel eugene eunice eva evan evelyn ewa fabian fabien fabrice fabrizio farid fatemeh fatima fatma federica federico felicia
  felicity felipe felix femke ferdinand ferenc fernanda fernando filip filippo finn fiona florian floyd frances francesca
  francesco francis francisco franck frankie franz françois fred freddie freddy frederic frederick frederik frida frieda
  friedrich fritz frédéric gabriel gabriela gabriele gabriella gabrielle gail gareth garrett gary gaurav gavin gaëlle
  genevieve geoff geoffrey george georgina gerald geraldine gerard gerardo gerd gerhard gerrit gertrude giacomo gianluca
  gianni gilbert gilberto gilles gillian gina giorgio giovanna giovanni gisela giulia giuseppe gladys glenda glenn gloria
  gonzalo goran gordon graham greg gregor gregory greta gretchen grzegorz guido guillaume guillermo gunilla gunnar gunter
  gustav gustavo gwen gwendolyn gábor göran günter günther hailey haley halina hamza hana hanna hannah hannes hans harald
  harish harold harriet harriett harry hartmut haruka harvey hassan hector heidi heike heiko heinrich heinz helen helena
  helene helga helmut hendrik henk henri henrik henry herbert herman hermann hilary hilda hilde hiroshi holger horst howard
  hrvoje hubert huda hugh hugo humberto hussein håkan hélène ian ibrahim ida ignacio igor ildikó ilse imran imre ines inga
  inge ingeborg inger ingo ingrid ingvar inês irena irene irina irma irving isaac isabel isabella isabelle isaiah ismael
  istván ivan ivana ivo iván jack jackie jaclyn jacob jacqueline jacques jaime jake jakob jakub jamal james jamie jamila jan
  jana jane janelle janet janice janine jared jason javier jay jayden jean jeanette jeanne jeannie jeff jeffery jeffrey jelena
  jenifer jenna jennifer jenny jens jeremiah jeremy jermaine jeroen jerome jerry jesper jesse jessica jessie jesús jill
  jillian jim jimmy jitka jiří joachim joan joanna joanne joao joaquin jocelyn jochen jodi jodie jody joe joel joerg joey
  johan johanna johannes john johnathan johnnie johnny jon jonas jonathan joost jordi jorge jose josef josefina joseph
  josephine josh joshua josie josé jouko joyce joão juan juanita judith judy juha jukka julian juliana julie julien juliet
  juliette julio julius jurgen justin justine jyoti jános jérôme józsef jörg jürgen kaitlyn kara karen karim karin karl karla
  karolina karyn kasper katalin katarina katarzyna kate katelyn katerina kateřina katharina katherine kathleen kathryn kathy
  katie katja katrin katrina katy kavita kayla kaylee keijo keiko keith kellie kelly kelsey kelvin kendra kenji kenneth kenny
  kerri kerry kerstin kevin khalid kiara kieran kim kimberly kirsten klara klaus knut kofi konrad konstantin krishna krista
  kristen kristi kristian kristie kristin kristina kristine kristof kristopher kristy krystal krzysztof kurt kwame kyle kylie
  ladislav laila lakshmi lamar larissa larry lars latoya laura lauren laurence laurent laurie lawrence layla lea leah leann
  leila leland lena lenka lennart leo leon leona leonard leonardo leonie leonor leopold leroy leslie lester leticia lewis liam
  lidia lila lillian lillie lina linda lindsay lindsey linus lionel lisa lise lloyd lonnie lora lorena lorene lorenzo loretta
  lori lothar lotte louis louisa louise lowell luc luca lucas luciana luciano lucie lucien lucille lucinda lucy lucía ludwig
  luigi luis luisa luka lukas luke lutz luís lydia lyle lynda lynette lynne lászló léa maarten maciej mackenzie madeleine
  madeline magdalena maggie magnus mahdi mahmoud maja makayla malcolm malcom malgorzata malin mamie mandy manfred manish manoj
  manuel manuela mara marc marcel marcela marcella marcelo marcia marcin marcio marco marcos marcus marcy marek margaret
  margarete margarita margie margit margot marguerite maria mariah mariam marian mariana marianne maribel marie mariella
  marijke marika marilyn mario marion marisa marissa marius marjorie markus marlene marlon marsha marta martha martin martina
  martine martín marvin mary maryam maryann maría mateo mateusz mathias mathieu mathilde matilda matt matteo matthew matthias
  matthieu matti mattie maureen maurice mauricio maurizio maxime maximilian maxine maxwell małgorzata meera megan meghan
  mehmet melanie melinda melissa meredith mette mia micah michael michaela michal michał micheal michel michele michelle
  miguel mihai mikael mike mikhail mikko miklós mildred milena milos mindy miranda miriam miroslav misty mitchell mohamed
  mohammad mohammed monique moritz morris moses muhammad mustafa myra myriam myrna mónica müge nabil nadia nadine naoko naomi
  natalia natalie natasha nathalie nathan nathaniel neha neil nell ngozi nicholas nichole nick nicki nicola nicolas nicole
  nicolás niels nigel nikhil nikita nikki nikola nikolai nikolaj nikolas nils nina noah noemi nolan nora norbert noreen norma
  noémie odette olaf oleg olga oliver olivia olivier oluwaseun omar orlando orville oscar oskar osman otis otto owen pablo
  paloma pamela paola paolo pascal patrice patricia patrick patrik patty paul paula paulina pauline paulo pavel pawel paweł
  pedro peggy pekka penelope percy pete peter petr petra philip philipp philippe phillip phoebe phyllis pierre pieter pietro
  piotr pirkko piroska polly pooja prakash priya priyanka pál quentin rachael rachel rafael rahul rainer raj rajesh rajiv ralf
  ralph ramesh ramiro ramon ramona randal randall randolph randy rania raphael raquel rashid rasmus raul ravi raymond raúl
  rebecca regina reginald reinhard renata renate rene renee rené rhonda ricardo riccardo richard rick ricky rita robbie robert
  roberta roberto robyn rochelle rodney rodrigo rogelio roger rogerio rohan rohit roland rolando rolf ronald ronnie rosa
  rosalie rosalind rosalyn rosanna rosario rosemarie rosemary rosie roxanne roy ruben rubén rudolf rudy rufus rupert russell
  ruth ruud ryan ryszard sabine sabrina sadie saleh sally salma salvatore samantha samir samira sammy samuel sander sandra
  sandrine sanjay sanne sara sarah sasha saskia satoshi saul scott sean sebastian sebastián selena selma serena serge sergei
  sergey sergio seth severin shane shannon shari sharon shaun shawn sheila shelby shelley shelly sheri sherri sherry sheryl
  shirley sibylle sidney siegfried sigrid silke silvia simon simona simone siobhan sipho slobodan sneha sofie sofía solange
  sonia sonja sonya sophia sophie stacey stacy stanislav stanislaw stanley stefan stefania stefanie stefano stephan stephane
  stephanie stephen steve steven stewart stig stuart stéphane sunil sunita suresh susan susana susanna susanne susie suzanne
  svein sven svetlana swati sylvia sylvie sébastien søren tabitha takashi tamara tammy tania tanya tara tariq tatiana tatjana
  ted terence teresa terrance terrence terri terry thabo thaddeus thelma theo theodor theodore theresa therese thiago thierry
  thomas thorsten tiffany tilman tim timo timothy tina tobias toby todd tom tomas tomasz tommy tomoko tomás tomáš toni tonia
  tony tonya torbjörn tore torsten tove tracey traci tracie tracy travis trevor tricia trina trisha tristan tuomas tuula
  tyrone udo ulf uli ulla ulrich ulrike umar ursula uwe valentin valentina valeria valerie valtteri vanessa vasily velma
  verena verna veronica veronika veronique verónica vesna vicki vickie vicky victor vijay vikas vikram viktor viktoria
  viktorija vinay vince vincent vincenzo virginie vittorio vivian vivien vladimir vojtěch volker václav waldemar walid walter
  wanda wendy werner wesley wilbert wilfred wilfried wilhelm willard willem william willie wilma winfried winifred wojciech
  wolfgang wouter xavier ximena yann yannick yasmin yasmine yasser yesenia yoko yolanda yolande yosef youssef yuki yulia yuri
  yusuf yvette yvonne zachary zachery zahra zainab zbigniew zdeněk zoe zofia zoltan zoltán zoran zoé zsofia ángel åsa éric
  íñigo óscar özgür łukasz şule željko`

/** Words, places, months or makes too. They need a surname behind them, or a word before them. */
const doubtful = `
  ada adela alexa alexandria amara anton april ariel august aurora austin basil bill brandy brooke bruno bryce burak candace
  carol carter cassandra cesar chad chandra charlotte chase chelsea christian claude clement cora crystal daisy dale dawn dean
  dolores don drew earl ed eli eve everett fabio faith florence frank gemma gene georgia glen grace grant guadalupe hazel
  heather holly hope hunter iris ivy jackson jade jasmin jasmine jesus joy jules julia june kamal kari ken kendall kiran kirk
  kumar lance lara laurel lee lily lincoln liv logan lois lola lone lorraine lou lucia luna luther lynn madison marina mark
  mason mats max may maya melody mercedes merle mila milan miles molly mona morgan nelson noel norman octavia parker pearl
  penny per perry phil pilar preston ray reem rich rob robin rocio romain roman ron rose ruby rune salvador sam sami sandy
  santiago savannah sherman sid sierra sofia spencer stella sterling sue summer sydney taylor thea trent troy ty tyler vera
  vernon ville viola violet virgil virginia wade wallace warren wayne will winston ye`

const setOf = (list: string) => new Set(list.split(/\s+/).filter((name) => name !== ''))

export const givenNames: ReadonlySet<string> = setOf(plain)

export const doubtfulNames: ReadonlySet<string> = setOf(doubtful)
