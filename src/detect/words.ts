/**
 * Words that tell what the value beside them is, in the languages of those who write to models most. Bits, so that what
 * was read on the way to a value is one number.
 */
export const Meaning = {
  /** Says nothing, and does not part a value from the word that says something: "my phone number **is** 555 1234". */
  glue: 1,
  phone: 1 << 1,
  /** "Call me at". */
  call: 1 << 2,
  /** A telephone when it labels a value ("Desk: …", "… office"), else a piece of furniture. */
  line: 1 << 3,
  card: 1 << 4,
  ssn: 1 << 5,
  account: 1 << 6,
  routing: 1 << 7,
  iban: 1 << 8,
  passport: 1 << 9,
  licence: 1 << 10,
  driver: 1 << 11,
  birth: 1 << 12,
  ip: 1 << 13,
  secret: 1 << 14,
  /** A number of something that is nobody's: an order, a version, a size. */
  other: 1 << 15,
  tax: 1 << 16,
  nino: 1 << 17,
  /** "Number", which says that a value follows, and not which. */
  number: 1 << 18,
  /** "My", "his". */
  owner: 1 << 19,
  version: 1 << 20,
} as const

export const meanings: readonly (readonly [meaning: number, words: string])[] = [
  [
    Meaning.glue,
    `a an and are as at be by can details for from given him her here id in including incl is it its s t d m ll me new
     of on or our please registered self shows that the their them then there these this those to us via was were will with
     you your my his back again directly immediately now today tomorrow under following below above ending
     digit digits verification purposes value field text string confidential personal private
     der die das den dem ist sind unter bitte mich uns an auf von zu ihr ihre mein meine
     le la les el los las un une una est es al au aux du de des mon ma mes mi su son sa votre notre me nous
     il lo mio mia suo sua o os meu minha seu sua ou y e et und i
     av och eller min mitt på til og eller er het een mijn`,
  ],
  [Meaning.owner, 'my his her our their your mein meine ihre mon ma votre mi su tu mio mia meu minha mijn min mitt'],
  [Meaning.number | Meaning.glue, 'number numbers no nos num nr nbr nummer numero número numéro numer numaralı numarası'],
  [
    Meaning.phone,
    `phone phones telephone telephones tel tele tlf tél teléfono telefono telefone téléphone telefon telefonnummer telefoon telefoonnummer
     mobile mobiles mobil móvil movil celular cellulare cell cellphone cellular handy handynummer gsm puhelin puhelinnumero
     mobilnummer fax telefax whatsapp signal viber landline hotline helpline voicemail pager phonenumber phoneno
     mobileno mobilenumber telno telnumber homephone workphone cellno msisdn portable komórka komórkowy телефон тел мобильный τηλέφωνο
     ph 电话 電話 手机 手機 携帯`,
  ],
  [
    Meaning.call,
    `call calls calling called recall dial dials dialing dialling dialed phoned phoning ring ringing rang reach reached sms
     message messages messaging texting texted answering answer contact contacted
     llama llame llamar appelez appeler joindre contacter rufen anrufen ruf chiama chiamami chiamare chiamate llámame llámanos llámenos appelle telefonare ligue ligar bel bellen zadzwoń ring`,
  ],
  [
    Meaning.line,
    `desk office home work direct main reception switchboard extension ext mobile cell fax phone
     tel voice oficina bureau büro casa domicile privat`,
  ],
  [
    Meaning.card,
    `card cards cc creditcard creditcardnumber cardnumber cardno ccnumber ccnum visa mastercard maestro amex discover debit credit
     pan karte kreditkarte kreditkartennummer tarjeta carte carta cartão cartao kaart creditcardnummer kort kortnummer`,
  ],
  [Meaning.ssn, 'ssn ssns social security socialsecurity socialsecuritynumber itin'],
  [
    Meaning.account,
    `account accounts acct acc accnum accno accountno accountnumber accounts konto kontonummer kontonr cuenta compte conto conta
     checking savings rekening`,
  ],
  [Meaning.routing, 'routing aba rtn transit routingnumber'],
  [Meaning.iban, 'iban ibans'],
  [
    Meaning.passport,
    'passport passports pasaporte passeport reisepass passaporto passaporte paspoort passnummer passportnumber passportno',
  ],
  [Meaning.licence, 'license licence licenses licences dl permis führerschein führerscheinnummer licencia patente dln'],
  [Meaning.driver, 'driver drivers driving dl dln conduire führerschein führerscheinnummer conducir guida'],
  [
    Meaning.birth,
    `birth born birthday birthdate birthdays dob dateofbirth bday geboren geburtsdatum geburtstag geb née né naissance nacimiento
     nacido nacida nato nata nascita nascimento nascido geboortedatum geboortedag födelsedatum`,
  ],
  [
    Meaning.ip,
    'ip ipv ips ipaddr ipaddress address addresses addr host hosts hostname server subnet gateway dns ping client peer proxy listen firewall',
  ],
  [
    Meaning.secret,
    `password passwords passwd pwd pass passphrase passcode passwort kennwort contraseña contrasena senha secret secrets token apikey
     credential credentials bearer accesskey secretkey privatekey authtoken accesstoken`,
  ],
  [
    Meaning.other,
    `order orders invoice invoices isbn issn doi serial sku ref reference references ticket tickets case
     cases issue issues part parts model tracking uuid guid zip zipcode postcode postal page pages port ports size sizes bytes byte line
     lines row rows col column timestamp timestamps epoch seq sequence offset index total count sum amount price cost usd eur gbp
     bug bugs commit item items product products batch lot quantity qty patient policy claim voter employee member membership
     transaction transactions date time year years key keys hash pid tid uid gid userid user block blocks chapter figure table
     taxi iban ean upc asin nonce height width duration latency elapsed ms seconds sec aadhaar aadhar code codes lat lon lng latitude longitude`,
  ],
  [
    Meaning.version | Meaning.other,
    'version versions ver v release releases build revision rev assembly fileversion productversion oid section',
  ],
  [Meaning.tax, 'tax taxid ein tin taxpayer taxnumber steuernummer nif'],
  [Meaning.nino, 'nino insurance'],
]
