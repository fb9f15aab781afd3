'use strict';
// Opens the package, with each of its doors that has caches, stores or buses.

const { addon } = require('./native.js');

// At once: where the addon cannot be loaded, the import says so.
addon();
// The log begins with the import, too: a thread that prints may have no cache.
if ((process.env['LAZY_LOG'] ?? '') !== '') void require('./raw.js');
