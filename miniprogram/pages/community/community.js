// @ts-check
// Choose my community once: first the town or subdistrict, then the community.
// Or somebody else's (?whose=other), which is kept nowhere: whoever opened the page is told it.

const { sentenceOf } = require("../../api/errors");
const { listCommunities, listSubdistricts } = require("../../api/regions");
const { chooseCommunity, forgetCommunity } = require("../../utils/community");
const look = require("../../utils/look");

/** @typedef {import("../../api/types").Region} Region */

Page({
  data: {
    look: look.current(),
    forOther: false,
    loading: true,
    error: "",
    /** @type {Region[]} */
    regions: [],
    /** @type {Region | null} */
    subdistrict: null,
  },

  onLoad({ whose }) {
    this.setData({ forOther: whose === "other" });
    this.load();
  },

  onShow() {
    look.apply(this);
  },

  async load() {
    this.setData({ loading: true, error: "" });
    const { subdistrict } = this.data;
    try {
      const { items } = await (subdistrict ? listCommunities(subdistrict.id) : listSubdistricts());
      this.setData({ regions: items, loading: false });
    } catch (error) {
      this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onChoose(event) {
    const { subdistrict, regions } = this.data;
    const region = regions.find(({ id }) => id === event.currentTarget.dataset.id);
    if (!region) return;
    if (!subdistrict) {
      this.setData({ subdistrict: region });
      this.load();
      return;
    }
    this.choose({
      id: region.id,
      name: region.name,
      subdistrict_id: subdistrict.id,
      subdistrict_name: subdistrict.name,
    });
    wx.navigateBack();
  },

  /** @param {import("../../utils/community").Community} community */
  choose(community) {
    if (this.data.forOther) this.getOpenerEventChannel().emit?.("chosen", community);
    else chooseCommunity(community);
  },

  onAgain() {
    this.setData({ subdistrict: null });
    this.load();
  },

  onWhole() {
    forgetCommunity();
    wx.navigateBack();
  },
});
