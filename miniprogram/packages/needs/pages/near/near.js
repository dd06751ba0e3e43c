// @ts-check
// 附近的需求: what the neighbourhood asks for and what becomes of it, without persons.

const { getCatalogue } = require("../../../../api/activities");
const { chosenCommunity } = require("../../../../utils/community");
const look = require("../../../../utils/look");
const { UNREAD, createList } = require("../../../../utils/paged-list");
const { listNeeds } = require("../../api/needs");
const { needWords } = require("../../utils/need-words");

/** @typedef {import("../../../../api/types").Need} Need */
/** @typedef {{key: string, title: string}} Kind */

Page({
  data: {
    look: look.current(),
    ...UNREAD,
    /** Where; empty for the whole district. */
    place: "",
    /** @type {Kind[]} */
    kinds: [],
    kindTitle: "",
    /** @type {ReturnType<typeof needWords>[]} */
    items: [],
  },

  /** Of which kind; empty for all. */
  kind: "",
  /** @type {ReturnType<typeof createList<Need, Kind[]>> | undefined} */
  list: undefined,

  onLoad() {
    this.list = createList(this, {
      namesFamily: false,
      read: (query) => listNeeds({ ...query, region_id: chosenCommunity()?.subdistrict_id, service_kind: this.kind }),
      readBeside: () => this.readKinds(),
      show: (needs, kinds) => this.setData({ items: needs.map(needWords), kinds }),
    });
  },

  onShow() {
    look.apply(this);
    this.setData({ place: chosenCommunity()?.subdistrict_name || "" });
    this.list?.refresh();
  },

  onReachBottom() {
    this.list?.more();
  },

  onRetry() {
    this.list?.retry();
  },

  /** The same as long as this page is open. @returns {Promise<Kind[]>} */
  async readKinds() {
    return this.data.kinds.length ? this.data.kinds : [{ key: "", title: "全部" }, ...(await getCatalogue()).service_kinds];
  },

  /** @param {WechatMiniprogram.PickerChange} event */
  onKind({ detail }) {
    const { key, title } = this.data.kinds[Number(detail.value)];
    this.kind = key;
    this.setData({ kindTitle: key && title, items: [] });
    this.list?.retry();
  },

  onCommunity() {
    wx.navigateTo({ url: "/pages/community/community" });
  },

  onNew() {
    wx.navigateTo({ url: "/packages/needs/pages/new/new" });
  },
});
