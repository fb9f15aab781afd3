'use strict';
// Types alone: importing it is allowed and gives nothing.

module.exports = {};
