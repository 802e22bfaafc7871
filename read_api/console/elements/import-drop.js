// @ts-check
/** Where a file is chosen or dropped: it is sent as it is, one sees how far, and goes on to what is in it.
 *  With `data-to` it goes there, and what is shown is shown anew. */

class ImportDrop extends HTMLElement {
    /** @type {XMLHttpRequest | null} */ request = null;

    connectedCallback() {
        this.form = /** @type {HTMLFormElement} */ (this.querySelector("form"));
        this.file = /** @type {HTMLInputElement} */ (this.querySelector("input[type=file]"));
        this.way = /** @type {HTMLElement} */ (this.querySelector(".on-its-way"));
        this.bar = /** @type {HTMLProgressElement} */ (this.querySelector("progress"));
        this.refusal = /** @type {HTMLElement} */ (this.querySelector(".refusal"));
        this.file.addEventListener("change", () => this.sends(this.file?.files?.[0]));
        this.form.addEventListener("submit", (event) => event.preventDefault());
        this.querySelector("[data-stop]")?.addEventListener("click", () => this.request?.abort());
        for (const name of ["dragenter", "dragover"]) this.form.addEventListener(name, (event) => this.over(event, true));
        this.form.addEventListener("dragleave", (event) => this.over(event, false));
        this.form.addEventListener("drop", (event) => {
            this.over(event, false);
            this.sends(event.dataTransfer?.files[0]);
        });
        addEventListener("beforeunload", (event) => {
            if (this.request) event.preventDefault();
        });
    }

    /** @param {Event} event @param {boolean} isOver */
    over(event, isOver) {
        event.preventDefault();
        this.form?.classList.toggle("over-it", isOver);
    }

    /** @param {File | undefined} file */
    sends(file) {
        if (!file || this.request) return;
        this.says("", "");
        if (file.size > Number(this.dataset.most)) {
            this.says(file.name, this.dataset.tooLarge ?? "");
            return;
        }
        const target = /** @type {HTMLSelectElement | null} */ (this.form?.querySelector("select"))?.value ?? "client";
        const request = new XMLHttpRequest();
        this.request = request;
        this.shows(true);
        this.tells((this.dataset.sending ?? "").replace("~", file.name));
        request.upload.onprogress = (event) => {
            if (this.bar && event.total) this.bar.value = event.loaded / event.total;
        };
        request.upload.onload = () => {
            this.bar?.removeAttribute("value");
            this.tells(this.dataset.looking ?? "");
        };
        request.onload = () => this.ends(request, file);
        request.onerror = () => this.ends(null, file);
        request.onabort = () => this.ends(null, null);
        const asked = new URLSearchParams({ name: file.name.slice(-200), target });
        if (this.dataset.to) asked.delete("target");
        request.open("POST", `${this.dataset.to ?? "/console/imports/upload"}?${asked}`);
        request.setRequestHeader("letopis-word", this.dataset.word ?? "");
        request.setRequestHeader("content-type", (this.dataset.to && file.type) || "application/octet-stream");
        request.send(file);
    }

    /** @param {XMLHttpRequest | null} request @param {File | null} file */
    ends(request, file) {
        this.request = null;
        let told = /** @type {any} */ ({});
        try {
            told = JSON.parse(request?.responseText ?? "{}");
        } catch {
            // What is no answer of the API is told as none.
        }
        if (request?.status === 201 && told.id) {
            location.assign(`/console/imports/${told.id}`);
            return;
        }
        if (request?.status === 401 || (request?.status === 201 && this.dataset.to)) {
            location.reload();
            return;
        }
        this.shows(false);
        if (this.file) this.file.value = "";
        if (file) this.says(told.title ?? file.name, told.detail ?? this.dataset.cut ?? "");
        this.file?.focus();
    }

    /** @param {boolean} isSending */
    shows(isSending) {
        if (this.form) this.form.hidden = isSending;
        if (this.way) this.way.hidden = !isSending;
        if (isSending) /** @type {HTMLElement | null} */ (this.querySelector("[data-stop]"))?.focus();
    }

    /** @param {string} text */
    tells(text) {
        const said = this.querySelector("[data-said]");
        if (said) said.textContent = text;
    }

    /** @param {string} title @param {string} detail */
    says(title, detail) {
        if (!this.refusal) return;
        this.refusal.hidden = !title;
        const [where, why] = ["[data-title]", "[data-detail]"].map((each) => this.refusal?.querySelector(each));
        if (where) where.textContent = title;
        if (why) why.textContent = detail;
    }
}

customElements.define("import-drop", ImportDrop);
