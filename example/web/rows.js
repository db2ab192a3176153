// The rows of the list: each todo has one, which lives as long as it is shown,
// so that what somebody is doing in it survives whatever the server says.
import { Problem } from './api.js';

const $ = (id) => document.getElementById(id);

// say tells screen readers what sighted people see.
export function say(text) {
  $('said').textContent = text;
}

export class Rows {
  #rows = new Map(); // id → element
  #todos;
  #complain; // what to do with the error of a change
  #drag = null;

  constructor(todos, complain) {
    this.#todos = todos;
    this.#complain = complain;
  }

  // focus goes to the title of a todo, if it is shown.
  focus(id) {
    this.#rows.get(id)?.querySelector('.title').focus();
  }

  draw(items, movable) {
    if (this.#drag) return; // the list waits until the row is let go
    const list = $('rows');
    const shown = new Set(items.map((t) => t.id));
    for (const [id, row] of this.#rows) {
      if (shown.has(id)) continue;
      this.#leave(row);
      this.#rows.delete(id);
    }
    let at = list.firstElementChild;
    for (const todo of items) {
      const row = this.#row(todo);
      this.#fill(row, todo, movable);
      if (row === at) at = at.nextElementSibling;
      else this.#place(list, row, at);
    }
  }

  // #place moves a row without taking the focus out of it.
  #place(list, row, before) {
    const focused = row.contains(document.activeElement) ? document.activeElement : null;
    list.insertBefore(row, before);
    focused?.focus();
  }

  // #leave hands the focus on to a neighbour.
  #leave(row) {
    const had = row.contains(document.activeElement);
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    if (had) (next?.querySelector('.title:not([hidden])') ?? $('new-title')).focus();
  }

  #row(todo) {
    let row = this.#rows.get(todo.id);
    if (row) return row;
    row = $('row').content.cloneNode(true).firstElementChild;
    this.#rows.set(todo.id, row);
    const part = (selector) => row.querySelector(selector);
    part('.tick').addEventListener('change', (event) => void this.#tick(row, event.target.checked));
    part('.title').addEventListener('click', () => this.#edit(row));
    part('.delete').addEventListener('click', () => this.#todos.remove([row.todo]));
    this.#mountEditor(row);
    this.#mountGrip(row);
    return row;
  }

  #fill(row, todo, movable) {
    row.todo = todo;
    // Other changes than of the title are none to the person who edits one.
    if (todo.title === row.began && todo.version > row.version) row.version = todo.version;
    row.toggleAttribute('data-done', todo.completed);
    const part = (selector) => row.querySelector(selector);
    part('.tick').checked = todo.completed;
    part('.tick').setAttribute('aria-label', todo.title);
    part('.title span').textContent = todo.title;
    part('.title').setAttribute('aria-label', `Edit ${todo.title}`);
    part('.delete').setAttribute('aria-label', `Delete ${todo.title}`);
    part('.grip').setAttribute('aria-label', `Move ${todo.title}`);
    part('.grip').hidden = !movable;
  }

  async #tick(row, completed) {
    try {
      await this.#todos.change(row.todo, { completed });
    } catch (error) {
      this.#complain(error);
    }
  }

  // Editing. The version is that of what the person saw when they began.

  #mountEditor(row) {
    const editor = row.querySelector('.editor');
    const input = editor.querySelector('input');
    editor.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#save(row);
    });
    input.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      this.#close(row, true);
    });
    editor.addEventListener('focusout', (event) => {
      // Looking into another window is not being done.
      if (!document.hasFocus() || document.activeElement === event.target) return;
      if (!editor.hidden && !editor.contains(event.relatedTarget)) void this.#save(row);
    });
    editor.querySelector('[value=mine]').addEventListener('click', () => void this.#save(row));
    editor.querySelector('[value=theirs]').addEventListener('click', () => this.#close(row, true));
  }

  #edit(row) {
    const editor = row.querySelector('.editor');
    row.version = row.todo.version;
    row.began = row.todo.title;
    row.querySelector('.title').hidden = true;
    editor.hidden = false;
    this.#note(row, '');
    editor.querySelector('.clash').hidden = true;
    const input = editor.querySelector('input');
    input.value = row.todo.title;
    input.focus();
    input.select();
  }

  #close(row, focus) {
    row.querySelector('.editor').hidden = true;
    row.querySelector('.title').hidden = false;
    if (focus) row.querySelector('.title').focus();
  }

  #note(row, text) {
    const note = row.querySelector('.editor .field-note');
    note.textContent = text;
    note.hidden = text === '';
    note.toggleAttribute('data-bad', text !== '');
  }

  async #save(row) {
    const input = row.querySelector('.editor input');
    const title = input.value.trim();
    if (row.saving) return;
    if (title === row.began && row.querySelector('.clash').hidden) {
      return this.#close(row, row.contains(document.activeElement));
    }
    if (title === '') return this.#note(row, 'A todo needs a title. Escape leaves it as it was.');
    row.saving = true;
    try {
      await this.#todos.change(row.todo, { title }, row.version);
      this.#close(row, row.contains(document.activeElement));
    } catch (error) {
      if (error instanceof Problem && error.status === 412) await this.#clash(row, title);
      else this.#note(row, `Not saved. ${error.message}`);
    } finally {
      row.saving = false;
    }
  }

  // #clash shows what was written elsewhere meanwhile, if it is the title.
  async #clash(row, title) {
    try {
      row.theirs = await this.#todos.read(row.todo.id);
    } catch (error) {
      return this.#note(row, `Not saved. ${error.message}`);
    }
    row.version = row.theirs.version;
    if (row.theirs.title === row.began || row.theirs.title === title) {
      row.saving = false;
      row.todo = row.theirs;
      return this.#save(row);
    }
    const clash = row.querySelector('.clash');
    clash.querySelector('q').textContent = row.theirs.title;
    clash.hidden = false;
    this.#note(row, '');
    say(`Not saved: elsewhere it was changed to ${row.theirs.title}`);
    clash.querySelector('button').focus();
  }

  // Order, by keyboard and by pointer.

  #mountGrip(row) {
    const grip = row.querySelector('.grip');
    grip.addEventListener('keydown', (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      const to = this.#index(row) + by;
      if (to >= 0 && to < this.#rows.size) void this.#move(row, to);
    });
    grip.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      grip.focus();
      grip.setPointerCapture(event.pointerId);
      this.#drag = { row, y: event.clientY, from: this.#index(row) };
      row.setAttribute('data-dragged', '');
    });
    grip.addEventListener('pointermove', (event) => this.#dragTo(event.clientY));
    grip.addEventListener('lostpointercapture', () => this.#drop());
  }

  #index(row) {
    return [...$('rows').children].indexOf(row);
  }

  #dragTo(y) {
    if (!this.#drag) return;
    const { row } = this.#drag;
    const list = $('rows');
    const middle = (r) => r.getBoundingClientRect().top + r.offsetHeight / 2;
    const above = row.previousElementSibling;
    const below = row.nextElementSibling;
    // The sibling moves: a row that is taken out of the page loses the pointer.
    const shift = (sibling, before) => {
      const top = row.offsetTop;
      list.insertBefore(sibling, before);
      this.#drag.y += row.offsetTop - top;
    };
    if (above && y < middle(above)) shift(above, row.nextSibling);
    else if (below && y > middle(below)) shift(below, row);
    row.style.transform = `translateY(${y - this.#drag.y}px)`;
  }

  #drop() {
    if (!this.#drag) return;
    const { row, from } = this.#drag;
    this.#drag = null;
    row.style.transform = '';
    row.removeAttribute('data-dragged');
    const to = this.#index(row);
    if (to !== from) void this.#move(row, to);
  }

  async #move(row, to) {
    try {
      const moved = this.#todos.move(row.todo, to);
      say(`${row.todo.title}: place ${to + 1} of ${this.#rows.size}`);
      await moved;
    } catch (error) {
      this.#complain(error);
    }
  }
}
