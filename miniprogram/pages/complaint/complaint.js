// @ts-check
// What became of a complaint (?id= of the rating), and 「还没解决」, which opens it again.

const { sentenceOf } = require("../../api/errors");
const { getPhoto, getRating, getRatingForm, sayUnsolved } = require("../../api/ratings");
const { stageWords, steps } = require("../../utils/complaint-words");
const { draftOf } = require("../../utils/draft");
const { uuid } = require("../../utils/ids");
const look = require("../../utils/look");
const { nameWords } = require("../../utils/name-words");
const { forgetPhoto, keepPhoto } = require("../../utils/photo-files");
const { NO_REFUSAL, comeBack, mend, refuse } = require("../../utils/refusal");

/** @typedef {import("../../api/types").Rating} Rating */

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    title: "",
    market: "",
    who: "",
    comment: "",
    /** Files to be shown, by their ids. @type {Record<string, string>} */
    photos: {},
    /** @type {string[]} */
    photoIds: [],
    stage: "",
    /** @type {ReturnType<typeof steps>} */
    steps: [],
    reopenable: false,
    wordsLength: 0,
    /** Whether it is being said what is not solved. */
    asking: false,
    words: "",
    refusal: NO_REFUSAL,
    busy: false,
  },

  id: "",
  /** @type {ReturnType<typeof draftOf<{words: string}>> | undefined} */
  draft: undefined,
  /** One for each press, kept over a lost network. */
  key: "",

  onLoad({ id = "" }) {
    this.id = id;
    this.draft = draftOf(`unsolved:${id}`);
  },

  onUnload() {
    Object.values(this.data.photos).forEach(forgetPhoto);
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    this.load();
  },

  async load() {
    this.setData({ error: "", loading: !this.data.title });
    try {
      const [rating, form] = await Promise.all([getRating(this.id), getRatingForm()]);
      const begun = this.draft?.get();
      this.setData({ wordsLength: form.comment_length, words: begun ? begun.words : this.data.words, asking: this.data.asking || !!begun });
      this.show(rating);
    } catch (error) {
      // What is shown already stays, with what is being written; the bar at the top says it.
      if (!this.data.title) this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  /** @param {Rating} rating */
  show(rating) {
    const { complaint } = rating;
    this.setData({
      title: rating.offering_title || rating.activity_title,
      market: rating.offering_title ? rating.activity_title : "",
      who: nameWords(rating.resident),
      comment: rating.comment || "",
      stage: complaint ? stageWords(complaint) : "",
      steps: complaint ? steps(complaint, rating.may_call) : [],
      reopenable: !!complaint && complaint.reopenable,
      photoIds: rating.photos,
      loading: false,
    });
    this.showPhotos(rating.photos);
  },

  /**
   * One that can't be read now is not shown: all else is there.
   * @param {string[]} ids
   */
  async showPhotos(ids) {
    for (const id of ids.filter((one) => !this.data.photos[one])) {
      try {
        this.setData({ [`photos.${id}`]: await keepPhoto(id, await getPhoto(this.id, id)) });
      } catch {
        // The next time the page is shown it is asked for again.
      }
    }
  },

  onNotSolved() {
    this.setData({ asking: true });
  },

  /** @param {WechatMiniprogram.TextareaInput} event */
  onWords({ detail }) {
    this.setData({ words: detail.value });
    this.key = "";
    mend(this, "words");
    this.draft?.keep({ words: detail.value });
  },

  async onSend() {
    if (this.data.busy) return;
    const words = this.data.words.trim();
    if (!words) {
      refuse(this, { words: "请写一下哪里还没解决" });
      return;
    }
    this.setData({ busy: true, refusal: NO_REFUSAL });
    this.key = this.key || uuid();
    try {
      const rating = await sayUnsolved(this.id, words, this.key);
      this.draft?.forget();
      this.setData({ asking: false, words: "" });
      this.show(rating);
    } catch (error) {
      refuse(this, error);
    } finally {
      this.setData({ busy: false });
    }
  },
});
