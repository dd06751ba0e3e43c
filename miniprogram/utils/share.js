// @ts-check
// What is passed on to a family group: what, when and where, in words that are still true tomorrow,
// and in a picture of the same. It leads to a page that anybody may see without a login, and tells
// nothing of who passed it on: WeChat's own picture of the page, with their numbers on it, is never
// taken.

const { FIXED, pictureOf } = require("./share-picture");
const { dateWords, spanWords } = require("./time");

/** @typedef {import("../api/types").Activity} Activity */
/** @typedef {import("./share-picture").Words} Words */
/** @typedef {{words: Words, imageUrl: string}} Shared with its picture, as soon as that is drawn */

/**
 * The answer of a page's onShareAppMessage and onShareTimeline: the one takes `path`, the other is
 * always of its own page and takes `query`.
 * @param {string} title
 * @param {string} page
 * @param {string} query
 * @param {string} [imageUrl]
 */
function card(title, page, query, imageUrl = FIXED) {
  return { title, path: query ? `${page}?${query}` : page, query, imageUrl };
}

/** Where there is nothing of one's own to pass on: the way to all markets. */
function homeCard() {
  return card("吾社集 · 家门口的公益集市", "/pages/home/home", "");
}

/**
 * What a page passes on from now on.
 * @param {Activity} activity
 * @param {string} [service] of it, that the page is about
 * @returns {Shared}
 */
function shared({ title, venue, starts_at: start, ends_at: end }, service) {
  const words = {
    title: service ? `${service}：${title}` : title, when: spanWords(start, end), place: venue.name,
  };
  const it = { words, imageUrl: FIXED };
  pictureOf(words).then((picture) => {
    it.imageUrl = picture;
  });
  return it;
}

/**
 * @param {string} id
 * @param {Shared | null} it null where it has not been read
 */
function marketCard(id, it) {
  return card(it ? sentence(it.words) : "吾社集", "/pages/market/market", `id=${id}`, it?.imageUrl);
}

/**
 * @param {string} id
 * @param {string} activityId
 * @param {Shared | null} it null where it has not been read
 */
function serviceCard(id, activityId, it) {
  const query = `activity=${activityId}&offering=${id}`;
  return card(it ? sentence(it.words) : "吾社集", "/pages/sign-up/sign-up", query, it?.imageUrl);
}

/**
 * A booking is passed on as the service that anybody can sign up for. A page may show many of them:
 * the picture is drawn when one is passed on, which WeChat waits for.
 * @param {import("../api/types").Booking} booking
 */
function bookingCard(booking) {
  const { offering_id: id, activity_id: market, venue, service_on: day } = booking;
  const title = `${booking.offering_title}：${booking.activity_title}`;
  const words = { title, when: dateWords(day), place: venue.name };
  const now = card(sentence(words), "/pages/sign-up/sign-up", `activity=${market}&offering=${id}`);
  return { ...now, promise: pictureOf(words).then((imageUrl) => ({ ...now, imageUrl })) };
}

/**
 * @param {string} id
 * @param {{title: string, region: string} | null} need null where it has not been read
 */
function needCard(id, need) {
  const title = need ? `您也需要吗？${need.region}：${need.title}` : "吾社集";
  return card(title, "/packages/needs/pages/need/need", `id=${id}`);
}

/** @param {Words} words */
function sentence({ title, when, place }) {
  return `${title}，${when}，${place}`;
}

module.exports = { homeCard, shared, marketCard, serviceCard, bookingCard, needCard };
