// @ts-check
// Photos of a need before the server has them: kept as files on this phone, so that leaving the
// page, or WeChat, loses none.

const { uuid } = require("../../../utils/ids");
const { contentOf, forgetPhoto, keepPhoto } = require("../../../utils/photo-files");
const { addPhoto } = require("../api/needs");

/** @typedef {{id: string, path: string}} Photo */

/** As many as the server takes of one need. */
const MOST = 3;

/**
 * Let photos be chosen; who goes back without one has chosen none.
 * @param {number} count at most
 * @returns {Promise<Photo[]>}
 */
async function choosePhotos(count) {
  const chosen = await wx.chooseMedia({ count, mediaType: ["image"], sizeType: ["compressed"] }).catch(() => null);
  const files = chosen ? chosen.tempFiles.slice(0, count) : [];
  return Promise.all(files.map(async ({ tempFilePath }) => {
    const id = uuid();
    return { id, path: await keepPhoto(id, await contentOf(tempFilePath)) };
  }));
}

/**
 * Send one; it is forgotten here once the server has it.
 * @param {string} needId
 * @param {Photo} photo
 */
async function sendPhoto(needId, { id, path }) {
  const need = await addPhoto(needId, id, await contentOf(path));
  forgetPhoto(path);
  return need;
}

module.exports = { MOST, choosePhotos, sendPhoto };
