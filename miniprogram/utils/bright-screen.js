// @ts-check
// A screen that is shown to a scanner: bright and awake, and as it was once the page is left.

const BRIGHT = 1;

function createBrightScreen() {
  let before = -1;
  return {
    /** In onShow. */
    begin() {
      wx.getScreenBrightness({
        success: ({ value }) => {
          if (before < 0) before = value;
          wx.setScreenBrightness({ value: BRIGHT });
        },
      });
      wx.setKeepScreenOn({ keepScreenOn: true });
    },

    /** In onHide and onUnload. */
    end() {
      if (before >= 0) wx.setScreenBrightness({ value: before });
      wx.setKeepScreenOn({ keepScreenOn: false });
    },
  };
}

module.exports = { createBrightScreen };
