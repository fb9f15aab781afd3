/**
 * A response of about a megabyte as JSON: a page of 1,500 players, each with a device, a snapshot of the user and
 * cards. The same in every process. With `unique` each entry has identifiers that do not compress.
 */
const COUNTRIES = ['DE', 'FR', 'US', 'BR', 'JP'];
const PLATFORMS = ['ios', 'android', 'web'];

/** Numbers that look random and are the same everywhere. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return (state ^ (state >>> 13)) >>> 0;
  };
}

function player(id, next, unique) {
  const hex = () => next().toString(16).padStart(8, '0');
  return {
    id,
    ...(unique ? { token: hex() + hex() + hex() + hex(), session: hex() + hex() + hex() + hex() } : {}),
    nickname: `player-${id}`,
    avatarUrl: `https://cdn.example.com/avatars/${(Math.imul(id, 0x9e3779b1) >>> 0).toString(16)}.png`,
    level: id % 80,
    rating: 1000 + ((id * 37) % 900),
    isOnline: id % 3 === 0,
    lastSeenAt: '2024-05-01T12:00:00.000Z',
    tags: ['ranked', 'season-7', id % 2 === 0 ? 'premium' : 'free'],
    device: {
      platform: PLATFORMS[id % 3],
      model: 'Model X Pro',
      osVersion: '17.4.1',
      appVersion: '5.12.0',
      pushEnabled: id % 2 === 0,
    },
    userSnapshot: {
      country: COUNTRIES[id % 5],
      language: 'en',
      createdAt: '2021-01-15T08:30:00.000Z',
      stats: { wins: id % 500, losses: id % 300, draws: id % 50, streak: id % 12 },
    },
    infoCards: [
      { type: 'achievement', title: 'First victory', value: id % 10, isNew: false },
      { type: 'progress', title: 'Season progress', value: (id * 7919) % 1000, isNew: id % 7 === 0 },
      { type: 'streak', title: 'Days in a row', value: (id * 31) % 365, isNew: true },
    ],
  };
}

export function listing({ entries = 1500, unique = false } = {}) {
  const next = numbers(7);
  const items = Array.from({ length: entries }, (_, id) => player(id + 1, next, unique));
  return { items, pagination: { page: 1, pageSize: entries, total: 48_000, hasNext: true } };
}
