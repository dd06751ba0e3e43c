// @ts-check
// Photos that a page shows, as files: what goes to a page with setData has a limit, which a few
// photos would pass. Kept while the page is open.

const { ApiError } = require("../api/errors");

/**
 * @param {string} id
 * @param {ArrayBuffer} data a JPEG
 * @returns {Promise<string>} where it is
 */
function keepPhoto(id, data) {
  const filePath = `${wx.env.USER_DATA_PATH}/photo-${id}.jpg`;
  return new Promise((resolve, reject) => {
    wx.getFileSystemManager().writeFile({ filePath, data, success: () => resolve(filePath), fail: reject });
  });
}

/** @param {string} filePath */
function forgetPhoto(filePath) {
  // One that is gone already is forgotten, too.
  wx.getFileSystemManager().unlink({ filePath, fail() {} });
}

/**
 * What is in a file on this phone.
 * @param {string} filePath
 * @returns {Promise<ArrayBuffer>}
 */
function contentOf(filePath) {
  return new Promise((resolve, reject) => {
    wx.getFileSystemManager().readFile({
      filePath,
      success: ({ data }) => resolve(/** @type {ArrayBuffer} */ (data)),
      fail: () => reject(new ApiError({ code: "photo_unreadable", title: "这张照片打不开，请换一张" })),
    });
  });
}

module.exports = { contentOf, forgetPhoto, keepPhoto };
