// The form in which commands and answers cross between the addon and a client.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const { answersOf, commandsIn } = createRequire(import.meta.url)('../../lib/redis/resp.js');

const settled = (value) => ({ status: 'fulfilled', value });
const failed = (reason) => ({ status: 'rejected', reason });
const written = (...outcomes) => answersOf(outcomes, 'CLIENTERR').toString('latin1');

test('commands are read as they are, whatever bytes they hold', () => {
  const bytes = Buffer.from('*3\r\n$3\r\nSET\r\n$2\r\n\r\n\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n');
  const texts = commandsIn(bytes).map((command) => command.map(String));
  assert.deepEqual(texts, [['SET', '\r\n', ''], ['PING']]);
});

test('answers of all kinds are written', () => {
  const answers = [null, undefined, 5, -1, 1.5, 'text', 'OK', Buffer.from([255, 0]), ['0', ['OK', 1, null]]];
  const expected = [
    '*9\r\n$-1\r\n$-1\r\n:5\r\n:-1\r\n$3\r\n1.5\r\n$4\r\ntext\r\n+OK\r\n$2\r\n\xff\0\r\n',
    '*2\r\n$1\r\n0\r\n*3\r\n$2\r\nOK\r\n:1\r\n$-1\r\n',
  ];
  assert.equal(written(...answers.map(settled)), expected.join(''));
});

test('an error that cannot be shown is the failure of one command', () => {
  const odd = [Symbol('gone'), Object.create(null), Object.assign(new Error(), { message: Object.create(null) })];
  assert.equal(
    written(...odd.map(failed), settled(5)),
    '*4\r\n-CLIENTERR Symbol(gone)\r\n-CLIENTERR an error that cannot be shown\r\n' +
      '-CLIENTERR an error that cannot be shown\r\n:5\r\n',
  );
});

test('replies of a server keep their code, other errors have that of the client', () => {
  const reply = Object.assign(new Error('ERR syntax\r\nerror'), { name: 'ReplyError' });
  const unnamed = new Error('NOPERM no');
  assert.equal(
    written(failed(reply), failed(unnamed), failed(new Error('down')), failed('gone'), failed(undefined)),
    '*5\r\n-ERR syntax error\r\n-NOPERM no\r\n-CLIENTERR down\r\n-CLIENTERR gone\r\n-CLIENTERR undefined\r\n',
  );
});
