// Short messages that leave by themselves.
export interface Message {
  id: number;
  text: string;
  kind: 'done' | 'trouble';
  undo?: { label: string; run: () => void };
}
let next = 1;

class Toasts {
  all = $state.raw<Message[]>([]);

  say(text: string, kind: Message['kind'] = 'done', undo?: Message['undo']) {
    const message = { id: next++, text, kind, ...(undo ? { undo } : {}) };
    this.all = [...this.all.slice(-2), message];
    setTimeout(() => this.drop(message.id), kind === 'trouble' || undo ? 9000 : 4500);
  }
  drop(id: number) {
    this.all = this.all.filter((m) => m.id !== id);
  }
}
export const toasts = new Toasts();
