// Light, dark, or as the system has it.  Kept in this browser only.
export type Theme = 'system' | 'light' | 'dark';
const KEY = 'cairn-theme';

class ThemeState {
  choice = $state<Theme>(read());
  #systemDark = $state(matchMedia('(prefers-color-scheme: dark)').matches);
  /** What is on the screen now. */
  shown = $derived<'light' | 'dark'>(
    this.choice === 'system' ? (this.#systemDark ? 'dark' : 'light') : this.choice,
  );

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (e) => {
      this.#systemDark = e.matches;
    });
    this.#apply();
  }
  set(choice: Theme) {
    this.choice = choice;
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // A browser that keeps nothing still shows the choice until the page is closed.
    }
    this.#apply();
  }
  #apply() {
    if (this.choice === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.choice;
  }
}

function read(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system';
  }
}

export const theme = new ThemeState();
