import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeCertificate } from '../src/transport/client-certificate.ts';

/** Of a server, signed by itself. */
const pem = `-----BEGIN CERTIFICATE-----
MIIBsDCCAVagAwIBAgIUFPMLecJpcSfAj48xiyk5xMN0H7gwCgYIKoZIzj0EAwIw
IzEQMA4GA1UECgwHRXhhbXBsZTEPMA0GA1UEAwwGc2VydmVyMB4XDTI2MTEyMzA1
MzczNloXDTM2MTEyMDA1MzczNlowIzEQMA4GA1UECgwHRXhhbXBsZTEPMA0GA1UE
AwwGc2VydmVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzO70CihKmR+PZapi
OugSiaEt9iOMvL0XONlbj0gk6vZcsefLWm0Ya1g5IKPWphl8JV0sRqaGNfBqgm9n
vTTOwqNoMGYwHQYDVR0OBBYEFHI3EGCbXFTjwvU6N02Sm63kT9HpMB8GA1UdIwQY
MBaAFHI3EGCbXFTjwvU6N02Sm63kT9HpMA8GA1UdEwEB/wQFMAMBAf8wEwYDVR0l
BAwwCgYIKwYBBQUHAwEwCgYIKoZIzj0EAwIDSAAwRQIhAIxGuvq7gXfgzmhHFYgT
DU0z5DbMygYzrkzlFwuQj6b3AiBZ+DLD4byImf3kkcXqqpIGS5fzj614A74Cu1gu
mjs44Q==
-----END CERTIFICATE-----
`;

test('a certificate is told by its names, and by what every server has against it', () => {
  const [from, to] = [Date.UTC(2026, 10, 23), Date.UTC(2036, 10, 20)];
  const names = 'O=Example, CN=server, signed by itself, which';
  const dayMs = 86_400_000;
  assert.equal(describeCertificate(pem, from + dayMs), `${names} is none for clients`);
  assert.equal(
    describeCertificate(Buffer.from(pem), from - dayMs),
    `${names} is not valid before 2026-11-23, and is none for clients`,
  );
  assert.equal(
    describeCertificate(pem, to + dayMs),
    `${names} has expired on 2036-11-20, and is none for clients`,
  );
});
