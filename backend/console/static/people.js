// Giving a role: only the place that fits the role is asked for, and the question names both.
"use strict";

for (const form of document.querySelectorAll("form[data-grant]")) {
  const question = form.dataset.confirm;
  const words = (field) => (field.value ? field.selectedOptions[0].textContent.trim() : "未选");
  const follow = () => {
    const partner = form.elements.role.value === "partner";
    form.querySelector("[data-for=region]").hidden = partner;
    form.querySelector("[data-for=organisation]").hidden = !partner;
    const place = partner ? form.elements.organisation_id : form.elements.region_id;
    form.dataset.confirm = question
      .replace("{role}", words(form.elements.role))
      .replace("{place}", words(place));
  };
  form.addEventListener("change", follow);
  follow();
}
