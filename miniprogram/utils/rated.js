// @ts-check
// What has been rated already, so that nobody is asked twice.

const { listMyRatings } = require("../api/ratings");

const NEWEST = 100;

/**
 * Keys of what I have rated: see `serviceKey` and `visitKey`.
 * @returns {Promise<string[]>} rejects with an ApiError
 */
async function readRated() {
  const { items } = await listMyRatings({ limit: NEWEST });
  return items.map(({ booking_id: booking, activity_id: activity, resident }) =>
    booking ? serviceKey(booking) : visitKey(activity, resident.id),
  );
}

/** @param {string} bookingId */
function serviceKey(bookingId) {
  return `service ${bookingId}`;
}

/**
 * @param {string} activityId
 * @param {string} residentId
 */
function visitKey(activityId, residentId) {
  return `visit ${activityId} ${residentId}`;
}

module.exports = { readRated, serviceKey, visitKey };
