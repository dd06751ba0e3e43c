// @ts-check
// Where I work: the activities of the regions that my roles are for.

const { listActivities } = require("../api/activities");
const { getMe } = require("../api/me");
const session = require("../api/session");

/** @typedef {import("../api/types").ActivityItem} ActivityItem */
/** @typedef {import("../api/types").Role["role"]} RoleName */

const MOST = 100;

/**
 * Activities that I work at, by their start; needs a login.
 * @param {{from: string, to: string}} days as YYYY-MM-DD, both included
 * @param {...RoleName} roles those of mine that count
 * @returns {Promise<ActivityItem[]>}
 */
async function listMyWork(days, ...roles) {
  await session.token();
  const me = session.knownUser() || (await getMe());
  const regions = me.roles
    .filter(({ role, scope }) => roles.includes(role) && scope && scope.type === "region")
    .map(({ scope }) => (scope ? scope.id : ""));
  const pages = await Promise.all(
    [...new Set(regions)].map((region) => listActivities({ ...days, region_id: region, limit: MOST })),
  );
  // One region may lie within another.
  const byId = new Map(pages.flatMap(({ items }) => items).map((item) => [item.id, item]));
  return [...byId.values()].sort((one, other) => Date.parse(one.starts_at) - Date.parse(other.starts_at));
}

module.exports = { listMyWork };
