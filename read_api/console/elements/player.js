// @ts-check
/** A button that plays: it goes on by itself, step by step, until there is no further one. */

export class Player {
    timer = 0;

    /**
     * @param {HTMLButtonElement} button says what it does next
     * @param {number} beat milliseconds from step to step
     * @param {() => unknown} begins
     * @param {() => boolean} goesOn takes a step, and tells whether there is a further one
     */
    constructor(button, beat, begins, goesOn) {
        this.button = button;
        this.label = button.ariaLabel;
        button.addEventListener("click", () => {
            if (this.timer) return this.rests();
            begins();
            this.timer = setInterval(() => goesOn() || this.rests(), beat);
            this.says();
        });
    }

    rests() {
        clearInterval(this.timer);
        this.timer = 0;
        this.says();
    }

    says() {
        this.button.ariaPressed = String(this.timer > 0);
        this.button.ariaLabel = this.timer ? (this.button.dataset.pause ?? "") : this.label;
    }
}
