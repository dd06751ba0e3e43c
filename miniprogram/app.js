// @ts-check
const myNumbers = require("./utils/my-numbers");
const network = require("./utils/network");
const outbox = require("./utils/outbox");
const privacy = require("./utils/privacy");

App({
  onLaunch() {
    network.watch();
    privacy.watch();
    outbox.watch();
    offerUpdate();
  },

  onShow() {
    outbox.flush();
    myNumbers.begin();
  },

  onHide() {
    myNumbers.rest();
  },
});

/** A new version is used from the next start on; whoever wants it now may have it. */
function offerUpdate() {
  const manager = wx.getUpdateManager();
  manager.onUpdateReady(() => {
    wx.showModal({
      title: "有新版本",
      content: "重新打开后即可使用，现在更新吗？",
      cancelText: "稍后",
      confirmText: "更新",
      success: ({ confirm }) => {
        if (confirm) manager.applyUpdate();
      },
    });
  });
}
