'use strict';
// The page of the dashboard.

const { bridge } = require('../raw.js');

const { raw } = bridge;

/**
 * The page, for a base. Its files are below that.
 * @param {string} base
 */
function renderDashboard(base) {
  return raw.obsHtml(base === '/' ? '/' : `${base}/`);
}

module.exports = { renderDashboard };
