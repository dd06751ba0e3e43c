// @ts-check
// An activity in a list; opens its page.
Component({
  properties: {
    /** As utils/activity-words.js makes it. */
    activity: { type: Object, value: /** @type {{id?: string}} */ ({}) },
  },

  methods: {
    onOpen() {
      wx.navigateTo({ url: `/pages/market/market?id=${this.data.activity.id}` });
    },
  },
});
