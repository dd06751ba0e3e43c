// @ts-check
// An activity in the words that the pages show.

const { openWords } = require("./time");

/** @type {Record<string, {text: string, tone: string}>} */
const BADGES = {
  live: { text: "正在进行", tone: "good" },
  closed: { text: "已结束", tone: "plain" },
  cancelled: { text: "已取消", tone: "bad" },
};

/** @type {Record<string, string>} */
const PROGRAMMES = { market: "公益集市", action: "志愿行动", exchange: "交流活动" };

/**
 * @param {import("../api/types").ActivityItem} activity
 */
function activityWords(activity) {
  const { id, title, state, venue, programme } = activity;
  return {
    id,
    title,
    when: openWords(activity.starts_at, activity.ends_at),
    place: `${activity.region_name} · ${venue.name}`,
    programme: PROGRAMMES[programme],
    badge: BADGES[state] || null,
  };
}

/**
 * Where to go, in one line.
 * @param {import("../api/types").ActivityItem} activity
 */
function addressWords({ venue: { name, address } }) {
  return [name, address].filter(Boolean).join("，");
}

module.exports = { activityWords, addressWords };
