// @ts-check
// A need in a list; opens its page.
Component({
  properties: {
    /** As utils/need-words.js makes it. */
    need: { type: Object, value: /** @type {{id?: string}} */ ({}) },
  },

  methods: {
    onOpen() {
      wx.navigateTo({ url: `/packages/needs/pages/need/need?id=${this.data.need.id}` });
    },
  },
});
