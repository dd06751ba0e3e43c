// @ts-check
// What is passed on to a family group: what, when and where, in words that are still true tomorrow.
// It leads to a page that anybody may see without a login, and tells nothing of who passed it on:
// WeChat's own picture of the page, with their numbers on it, is never taken.

const { dateWords, spanWords } = require("./time");

/** @typedef {import("../api/types").Activity} Activity */

const PICTURE = "/images/share.png";

/**
 * The answer of a page's onShareAppMessage and onShareTimeline: the one takes `path`, the other is
 * always of its own page and takes `query`.
 * @param {string} title
 * @param {string} page
 * @param {string} query
 */
function card(title, page, query) {
  return { title, path: `${page}?${query}`, query, imageUrl: PICTURE };
}

/**
 * @param {string} id
 * @param {Activity | null} activity null where it has not been read
 */
function marketCard(id, activity) {
  return card(activity ? placed(activity) : "吾社集", "/pages/market/market", `id=${id}`);
}

/**
 * @param {{id: string, title: string}} offering
 * @param {string} activityId
 * @param {Activity | null} activity null where it has not been read
 */
function serviceCard({ id, title }, activityId, activity) {
  const words = activity ? `${title}：${placed(activity)}` : "吾社集";
  return card(words, "/pages/sign-up/sign-up", `activity=${activityId}&offering=${id}`);
}

/**
 * A booking is passed on as the service that anybody can sign up for.
 * @param {import("../api/types").Booking} booking
 */
function bookingCard(booking) {
  const { offering_id: id, offering_title: title, activity_id: market, venue } = booking;
  const words = `${title}：${booking.activity_title}，${dateWords(booking.service_on)}，${venue.name}`;
  return card(words, "/pages/sign-up/sign-up", `activity=${market}&offering=${id}`);
}

/** @param {Activity} activity */
function placed({ title, venue, starts_at: start, ends_at: end }) {
  return `${title}，${spanWords(start, end)}，${venue.name}`;
}

module.exports = { marketCard, serviceCard, bookingCard };
