// @ts-check
// Whether the backend can be reached: what WeChat says of the network, and how requests fare.

const { createSignal } = require("./signal");

const online = createSignal(true);

/** Begin to listen; called once, at launch. */
function watch() {
  wx.getNetworkType({ success: ({ networkType }) => online.set(networkType !== "none") });
  wx.onNetworkStatusChange(({ isConnected }) => online.set(isConnected));
}

/** @param {boolean} reached whether the last request got an answer */
function reportReached(reached) {
  online.set(reached);
}

module.exports = { watch, reportReached, isOnline: online.get, follow: online.follow };
