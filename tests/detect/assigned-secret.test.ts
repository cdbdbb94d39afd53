import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('a password is found after any name for one', () => {
  expectFound([
    'DB_PASSWORD={{PASSWORD|hunter22}}',
    '{"password": "{{PASSWORD|c0rrect-horse}}"}',
    String.raw`{\"pwd\":\"{{PASSWORD|c0rrect-horse}}\"}`,
    "passphrase: '{{PASSWORD|Tr0ub4dor&3}}'",
    'user=a&password={{PASSWORD|hunter22}}&x=1',
    'Kennwort: {{PASSWORD|Straße!9x}}',
  ])
})

test('a key is found after a name for one, if it looks drawn', () => {
  expectFound([
    'aws_secret_access_key = {{API_KEY|wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY}}',
    'clientSecret: "{{API_KEY|9f8e7d6c5b4a39281706f5e4d3c2b1a0}}"',
    'x-api-key: {{API_KEY|9f8e7d6c5b4a39281706f5e4d3c2b1a0}}',
    'token={{API_KEY|9f8e7d6c5b4a3928170600}}',
    'api_key = "aaaaaaaaaaaaaaaaaaaaaaaa"',
    'api_key = "the-name-of-the-key-in-the-vault"',
    'api_key = "a1-b2-c3-d4-e5-f6-g7"',
    'secret_key = "{{API_KEY|a1b2c3d4a1b2c3d4}}"',
  ])
})

test('what is no literal is left', () => {
  expectFound([
    'password = getPassword(user1)',
    'password: string; const password = process.env.PASSWORD2',
    '<input type="password" name="pwd1">',
    '"password": "********"',
    'token: $TOKEN_WITH_A_LONG_NAME_1',
    'api_key: <your-api-key-here>',
    'secret = settings.SECRET_KEY_2',
    'nextToken=9f8e7d6c5b4a39281706f5e4d3c2b1a0',
    'The password: it must be long',
  ])
})

test('a secret among pairs makes them a connection string', () => {
  expectFound([
    '"{{CONNECTION_STRING|Server=tcp:x.database.windows.net,1433;Initial Catalog=db;User ID=u;Password=p4ssw0rd!;Encrypt=True;}}"',
    '{{CONNECTION_STRING|DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;EndpointSuffix=core.windows.net}}',
    "'{{CONNECTION_STRING|Driver=ODBC;Uid=sa;Pwd=Passw0rd1;}}'",
  ])
})
