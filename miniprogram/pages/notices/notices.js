// @ts-check
// What I was told, the newest first, by days. A tap marks it read and leads where it is about.

const { listNotices, markAllRead, markRead } = require("../../api/notices");
const look = require("../../utils/look");
const myNumbers = require("../../utils/my-numbers");
const { noticeDays, openPage } = require("../../utils/notice-words");
const { UNREAD, createList } = require("../../utils/paged-list");
const { NO_REFUSAL, comeBack, refuse } = require("../../utils/refusal");

/** @typedef {import("../../api/types").Notice} Notice */

Page({
  data: {
    look: look.current(),
    ...UNREAD,
    /** @type {ReturnType<typeof noticeDays>} */
    days: [],
    unread: 0,
    busy: false,
    refusal: NO_REFUSAL,
  },

  /** @type {ReturnType<typeof createList<Notice, void>> | undefined} */
  list: undefined,
  /** @type {Notice[]} */
  notices: [],
  /** How many were unread when the list was read; null where that was not known. @type {number | null} */
  counted: null,
  /** Stops following how many are unread. */
  unfollow: () => {},

  onLoad() {
    this.list = createList(this, {
      namesFamily: false,
      read: listNotices,
      readBeside: async () => undefined,
      show: (notices) => {
        this.notices = notices;
        this.setData({ days: noticeDays(notices) });
      },
    });
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    this.counted = null;
    this.unfollow = myNumbers.follow({ onChange: (_bookings, unread) => this.onUnread(unread) });
    this.list?.refresh();
    myNumbers.refresh();
  },

  onHide() {
    this.unfollow();
  },

  onUnload() {
    this.unfollow();
  },

  /**
   * One more than were there when the list was read: it is read again.
   * @param {number} unread
   */
  onUnread(unread) {
    const isNews = this.counted !== null && unread > this.counted;
    this.counted = unread;
    this.setData({ unread });
    if (isNews) this.list?.refresh();
  },

  onReachBottom() {
    this.list?.more();
  },

  onRetry() {
    this.list?.retry();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onNotice(event) {
    const notice = this.notices.find(({ id }) => id === event.currentTarget.dataset.id);
    if (!notice) return;
    this.read(notice);
    openPage(notice.page);
  },

  /**
   * Nobody waits for it, or is told: what could not be marked is unread at the next look.
   * @param {Notice} notice
   */
  async read(notice) {
    if (notice.read_at !== null) return;
    notice.read_at = new Date().toISOString();
    this.setData({ days: noticeDays(this.notices) });
    myNumbers.countRead();
    await markRead(notice.id).catch(() => undefined);
    myNumbers.refresh();
  },

  async onAllRead() {
    if (this.data.busy) return;
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      await markAllRead();
      await Promise.all([this.list?.refresh(), myNumbers.refresh()]);
    } catch (error) {
      refuse(this, error);
    } finally {
      this.setData({ busy: false });
    }
  },
});
