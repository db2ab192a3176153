package storagetest

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

// breakage is a way to break one clause, as stores do in earnest.
type breakage struct {
	clause string
	what   string
	in     func(*lab)
}

func breakages() []breakage {
	return slices.Concat(
		brokenOwners(), brokenValues(), brokenCreates(), brokenLists(), brokenRevisions(), brokenWrites(),
		brokenErasures(),
	)
}

func brokenOwners() []breakage {
	return []breakage{
		{"S1", "get forgets the owner", func(l *lab) {
			l.get = func(ctx context.Context, owner, id string) (todos.Todo, error) {
				return l.sound.GetTodo(ctx, l.ownerOf(owner, id), id)
			}
		}},
		{"S1", "list forgets the owner", func(l *lab) {
			l.list = func(_ context.Context, _ string, query todos.Query) (page todos.Page, _ error) {
				all := memory.List{Todos: make(map[string]todos.Todo)}
				l.inside(func(lists map[string]*memory.List) {
					for _, list := range lists {
						for id, todo := range list.Todos {
							all.Todos[id] = todo
						}
					}
				})
				return all.Page(query), nil
			}
		}},
		{"S1", "update forgets the owner", func(l *lab) {
			l.update = func(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
				return l.sound.UpdateTodo(ctx, l.ownerOf(owner, id), id, change)
			}
		}},
		{"S1", "delete forgets the owner", func(l *lab) {
			l.delete = func(ctx context.Context, owner, id string, versions []int64) error {
				return l.sound.DeleteTodo(ctx, l.ownerOf(owner, id), id, versions)
			}
		}},
		{"S1", "owners are compared without case", func(l *lab) { l.renameOwners(strings.ToLower) }},
		{"S1", "owners are trimmed", func(l *lab) { l.renameOwners(strings.TrimSpace) }},
		{"S1", "owners are cut to 255 bytes", func(l *lab) {
			l.renameOwners(func(owner string) string { return owner[:min(len(owner), 255)] })
		}},
		{"S1", "owners are folded", func(l *lab) { l.renameOwners(todos.Fold) }},
		{"C7", "retry keys forget the owner", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				if draft.Retry == nil {
					return l.sound.CreateTodo(ctx, owner, draft)
				}
				keys := "keys of everybody" // one owner keeps the records of all
				created, err := l.sound.CreateTodo(ctx, keys, draft)
				if err == nil && !created.Replayed {
					draft.Retry = nil
					return l.sound.CreateTodo(ctx, owner, draft)
				}
				return created, err
			}
		}},
		{"C7", "what has expired goes for all owners", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				if r := draft.Retry; r != nil {
					l.inside(func(lists map[string]*memory.List) {
						for _, list := range lists {
							maps.DeleteFunc(list.Retries, func(_ string, a memory.Answer) bool {
								return a.Todo.CreatedAt.Before(r.ExpiredAt)
							})
						}
					})
				}
				return l.sound.CreateTodo(ctx, owner, draft)
			}
		}},
		{"C7", "a key that has expired for one owner goes for another", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				if r := draft.Retry; r != nil {
					l.inside(func(lists map[string]*memory.List) {
						for _, list := range lists {
							for key, a := range list.Retries {
								if own := lists[owner]; own != nil && a.Todo.CreatedAt.Before(r.ExpiredAt) {
									delete(own.Retries, key)
								}
							}
						}
					})
				}
				return l.sound.CreateTodo(ctx, owner, draft)
			}
		}},
		{"U5", "a foreign todo's version is compared first", func(l *lab) {
			l.update = func(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
				todo, err := l.sound.GetTodo(ctx, l.ownerOf(owner, id), id)
				if err == nil && change.Versions != nil && !slices.Contains(change.Versions, todo.Version) {
					return todos.Todo{}, &todos.VersionError{Current: todo.Version}
				}
				return l.sound.UpdateTodo(ctx, owner, id, change)
			}
		}},
	}
}

// renameOwners makes every method use another name for the owner.
func (l *lab) renameOwners(name func(string) string) {
	create, get, list, update, remove := l.create, l.get, l.list, l.update, l.delete
	l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
		return create(ctx, name(owner), draft)
	}
	l.get = func(ctx context.Context, owner, id string) (todos.Todo, error) {
		return get(ctx, name(owner), id)
	}
	l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
		return list(ctx, name(owner), query)
	}
	l.update = func(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
		return update(ctx, name(owner), id, change)
	}
	l.delete = func(ctx context.Context, owner, id string, versions []int64) error {
		return remove(ctx, name(owner), id, versions)
	}
}

// drafts makes create write another draft than it was given.
func (l *lab) drafts(other func(*todos.Draft)) {
	create := l.create
	l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
		other(&draft)
		return create(ctx, owner, draft)
	}
}

// changes makes update write another change than it was given.
func (l *lab) changes(other func(*todos.Change)) {
	update := l.update
	l.update = func(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
		other(&change)
		return update(ctx, owner, id, change)
	}
}

// queries makes list ask for another page than it should.
func (l *lab) queries(other func(*todos.Query)) {
	list := l.list
	l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
		other(&query)
		return list(ctx, owner, query)
	}
}

func brokenValues() []breakage {
	return []breakage{
		{"S2", "the draft's description is kept", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				created, err := l.sound.CreateTodo(ctx, owner, draft)
				l.reach(owner, func(list *memory.List) {
					if todo, ok := list.Todos[draft.ID]; ok {
						todo.Description = draft.Description
						list.Todos[draft.ID] = todo
					}
				})
				return created, err
			}
		}},
		{"S2", "the stored description is returned", func(l *lab) {
			l.get = func(ctx context.Context, owner, id string) (todos.Todo, error) {
				todo, err := l.sound.GetTodo(ctx, owner, id)
				l.reach(owner, func(list *memory.List) { todo.Description = list.Todos[id].Description })
				return todo, err
			}
		}},
		{"S3", "contexts are ignored", func(l *lab) {
			l.get = func(_ context.Context, owner, id string) (todos.Todo, error) {
				return l.sound.GetTodo(context.Background(), owner, id)
			}
		}},
		{"S3", "create has written when it fails", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				created, err := l.sound.CreateTodo(context.Background(), owner, draft)
				return created, errors.Join(err, ctx.Err())
			}
		}},
		{"S3", "delete has written when it is cancelled on its way", func(l *lab) {
			l.delete = func(ctx context.Context, owner, id string, versions []int64) error {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				err := l.sound.DeleteTodo(context.Background(), owner, id, versions)
				time.Sleep(100 * time.Microsecond)
				return errors.Join(err, ctx.Err())
			}
		}},
		{"S3", "an error hides that the context ended", func(l *lab) {
			l.update = func(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
				if ctx.Err() != nil {
					return todos.Todo{}, errors.New("broken: query failed")
				}
				return l.sound.UpdateTodo(ctx, owner, id, change)
			}
		}},
		{"S4", "times are cut to seconds", func(l *lab) {
			l.drafts(func(d *todos.Draft) { d.CreatedAt = d.CreatedAt.Truncate(time.Second) })
		}},
		{"S4", "times are local", func(l *lab) {
			l.drafts(func(d *todos.Draft) { d.CreatedAt = d.CreatedAt.In(time.FixedZone("", 3600)) })
		}},
		{"S4", "text is trimmed", func(l *lab) {
			l.drafts(func(d *todos.Draft) { d.Title = strings.TrimSpace(d.Title) })
		}},
		{"S4", "text loses carriage returns", func(l *lab) {
			l.changes(func(c *todos.Change) {
				c.Patch.Title.Value = strings.ReplaceAll(c.Patch.Title.Value, "\r", "")
			})
		}},
		{"S4", "text is of three bytes a character", func(l *lab) {
			l.drafts(func(d *todos.Draft) {
				d.Title = strings.Map(func(r rune) rune { return min(r, '\uffff') }, d.Title)
			})
		}},
		{"K1", "the cursor key is another one at every call", func(l *lab) {
			l.key = newLab().key
			l.key = func(ctx context.Context) ([]byte, error) { return newLab().key(ctx) }
		}},
		{"K1", "the cursor key is not random", func(l *lab) {
			l.key = func(context.Context) ([]byte, error) { return make([]byte, 32), nil }
		}},
	}
}

func brokenCreates() []breakage {
	return []breakage{
		{"C1", "a draft that is completed has no completed_at", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				created, err := l.sound.CreateTodo(ctx, owner, draft)
				created.Todo.CompletedAt = time.Time{}
				return created, err
			}
		}},
		{"C1", "an id that is taken is overwritten", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				l.sound.DeleteTodo(ctx, owner, draft.ID, nil)
				return l.sound.CreateTodo(ctx, owner, draft)
			}
		}},
		{"C2", "the position comes from the number of todos", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				if draft.Position == nil {
					draft.Position = new(int64(len(l.all(owner, todos.Query{}))+1) * todos.PositionStep)
				}
				return l.sound.CreateTodo(ctx, owner, draft)
			}
		}},
		{"C2", "positions grow without end", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				all := l.all(owner, todos.Query{Sort: todos.Sort{Descending: true}})
				if draft.Position == nil && len(all) > 0 {
					draft.Position = new(all[0].Position + todos.PositionStep)
				}
				return l.sound.CreateTodo(ctx, owner, draft)
			}
		}},
		{"C3", "a creation that fails keeps its key", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				created, err := l.sound.CreateTodo(ctx, owner, draft)
				if r := draft.Retry; r != nil && err != nil && !errors.Is(err, todos.ErrRetryMismatch) {
					l.reach(owner, func(list *memory.List) {
						list.Retries = map[string]memory.Answer{
							r.Key: {Fingerprint: r.Fingerprint, Todo: draft.Todo(0)},
						}
					})
				}
				return created, err
			}
		}},
		{"C3", "records never expire", func(l *lab) {
			l.drafts(func(d *todos.Draft) {
				if r := d.Retry; r != nil {
					d.Retry = &todos.Retry{Key: r.Key, Fingerprint: r.Fingerprint}
				}
			})
		}},
		{"C3", "keys are compared without case", func(l *lab) {
			l.drafts(func(d *todos.Draft) {
				if r := d.Retry; r != nil {
					d.Retry = &todos.Retry{
						Key: strings.ToLower(r.Key), Fingerprint: r.Fingerprint, ExpiredAt: r.ExpiredAt,
					}
				}
			})
		}},
		{"C4", "the changed todo is replayed", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				created, err := l.sound.CreateTodo(ctx, owner, draft)
				if todo, e := l.sound.GetTodo(ctx, owner, created.Todo.ID); e == nil && created.Replayed {
					created.Todo = todo
				}
				return created, err
			}
		}},
		{"C4", "a deleted todo is not replayed", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				created, err := l.sound.CreateTodo(ctx, owner, draft)
				if _, e := l.sound.GetTodo(ctx, owner, created.Todo.ID); e != nil && created.Replayed {
					return todos.Created{}, e
				}
				return created, err
			}
		}},
		{"C4", "retries are forgotten", func(l *lab) {
			l.drafts(func(d *todos.Draft) { d.Retry = nil })
		}},
		{"C5", "fingerprints are ignored", func(l *lab) {
			l.drafts(func(d *todos.Draft) {
				if r := d.Retry; r != nil {
					d.Retry = &todos.Retry{Key: r.Key, ExpiredAt: r.ExpiredAt}
				}
			})
		}},
		{"C6", "racers with one key all create", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				r := draft.Retry
				if r == nil {
					return l.sound.CreateTodo(ctx, owner, draft)
				}
				known := false
				l.reach(owner, func(list *memory.List) { _, known = list.Retries[r.Key] })
				time.Sleep(time.Millisecond)
				if !known {
					l.reach(owner, func(list *memory.List) { delete(list.Retries, r.Key) })
				}
				return l.sound.CreateTodo(ctx, owner, draft)
			}
		}},
		{"G1", "updates leave an old todo in a cache", func(l *lab) {
			var cache sync.Map
			l.get = func(ctx context.Context, owner, id string) (todos.Todo, error) {
				todo, err := l.sound.GetTodo(ctx, owner, id)
				if old, ok := cache.LoadOrStore(id, todo); ok && err == nil {
					return old.(todos.Todo), nil
				}
				return todo, err
			}
		}},
		{"G2", "the driver's error comes out", func(l *lab) {
			l.get = func(ctx context.Context, owner, id string) (todos.Todo, error) {
				todo, err := l.sound.GetTodo(ctx, owner, id)
				if errors.Is(err, todos.ErrNotFound) {
					err = sql.ErrNoRows
				}
				return todo, err
			}
		}},
	}
}

func brokenLists() []breakage {
	return []breakage{
		{"L1", "nulls come first", func(l *lab) {
			l.sortBy(todos.ByCompletedAt, func(a, b todos.Todo, s todos.Sort) int {
				if a.Completed != b.Completed {
					if a.Completed {
						return 1
					}
					return -1
				}
				return s.Compare(todos.AnchorOf(a, s), todos.AnchorOf(b, s))
			})
		}},
		{"L1", "titles go by all of their text", func(l *lab) {
			l.sortBy(todos.ByTitle, func(a, b todos.Todo, s todos.Sort) int {
				c := strings.Compare(a.Title, b.Title)
				if c == 0 {
					c = strings.Compare(a.ID, b.ID)
				}
				if s.Descending {
					return -c
				}
				return c
			})
		}},
		{"L1", "titles go by a collation", func(l *lab) {
			l.sortBy(todos.ByTitle, func(a, b todos.Todo, s todos.Sort) int {
				a.Title, b.Title = todos.Fold(a.Title), todos.Fold(b.Title)
				return s.Compare(todos.AnchorOf(a, s), todos.AnchorOf(b, s))
			})
		}},
		{"L1", "ties are not broken", func(l *lab) {
			l.queries(func(q *todos.Query) {
				if q.After != nil { // behind all that tie with the anchor
					q.After = &todos.Anchor{Number: q.After.Number, Text: q.After.Text, Null: q.After.Null, ID: "~"}
					if q.Sort.Descending {
						q.After.ID = ""
					}
				}
			})
		}},
		{"L1", "more is said of a full page", func(l *lab) {
			l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
				page, err := l.sound.ListTodos(ctx, owner, query)
				page.More = len(page.Todos) == query.Limit
				return page, err
			}
		}},
		{"L2", "patterns are active", func(l *lab) {
			l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
				like := regexp.QuoteMeta(query.Search)
				like = strings.NewReplacer("%", ".*", "_", ".").Replace(like)
				return l.search(ctx, owner, query, regexp.MustCompile("(?s)"+like).MatchString)
			}
		}},
		{"L2", "text is only lowered", func(l *lab) {
			l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
				return l.searchText(ctx, owner, query, func(todo todos.Todo) bool {
					text := todo.Title
					if todo.Description != nil {
						text += todos.SearchSeparator + *todo.Description
					}
					return strings.Contains(strings.ToLower(text), query.Search)
				})
			}
		}},
		{"L2", "title and description are one text", func(l *lab) {
			l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
				return l.search(ctx, owner, query, func(text string) bool {
					return strings.Contains(strings.ReplaceAll(text, todos.SearchSeparator, ""), query.Search)
				})
			}
		}},
		{"L2", "completed is ignored", func(l *lab) {
			l.queries(func(q *todos.Query) { q.Completed = todos.Optional[bool]{} })
		}},
		{"L3", "pages are found by offset", func(l *lab) {
			var offsets sync.Map // of the next page, by the anchor that leads to it
			l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
				all, offset := l.all(owner, query), 0
				if query.After != nil {
					if n, ok := offsets.Load(owner + query.After.ID); ok {
						offset = min(n.(int), len(all))
					}
				}
				end := min(offset+query.Limit, len(all))
				page, err := l.sound.ListTodos(ctx, owner, query)
				page.Todos, page.More = all[offset:end], end < len(all)
				if len(page.Todos) > 0 {
					offsets.Store(owner+page.Todos[len(page.Todos)-1].ID, end)
				}
				return page, err
			}
		}},
		{"L3", "a page needs its anchor", func(l *lab) {
			l.queries(func(q *todos.Query) {
				if q.After == nil {
					return
				}
				there := false
				l.inside(func(lists map[string]*memory.List) {
					for _, list := range lists {
						_, ok := list.Todos[q.After.ID]
						there = there || ok
					}
				})
				if !there {
					q.After = nil
				}
			})
		}},
		{"L6", "the count ignores the filter", func(l *lab) {
			l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
				page, err := l.sound.ListTodos(ctx, owner, query)
				if query.Count {
					page.Total = int64(len(l.all(owner, todos.Query{})))
				}
				return page, err
			}
		}},
		{"L6", "the count is that of the page", func(l *lab) {
			l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
				page, err := l.sound.ListTodos(ctx, owner, query)
				if query.Count {
					page.Total = int64(len(page.Todos))
				}
				return page, err
			}
		}},
		{"L7", "a page reads those before it", func(l *lab) {
			l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
				before := query
				for before.After = nil; query.After != nil; {
					page, err := l.sound.ListTodos(ctx, owner, before)
					if err != nil || !page.More {
						break
					}
					before.After = todos.AnchorOf(page.Todos[len(page.Todos)-1], query.Sort)
					if query.Sort.Compare(before.After, query.After) >= 0 {
						break
					}
				}
				return l.sound.ListTodos(ctx, owner, query)
			}
		}},
	}
}

// sortBy makes lists go by another order than they should.
func (l *lab) sortBy(field todos.SortField, compare func(a, b todos.Todo, s todos.Sort) int) {
	l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
		page, err := l.sound.ListTodos(ctx, owner, query)
		if err != nil || query.Sort.Field != field || page.NotModified {
			return page, err
		}
		all, from := l.all(owner, query), 0
		slices.SortFunc(all, func(a, b todos.Todo) int { return compare(a, b, query.Sort) })
		if query.After != nil {
			from = 1 + slices.IndexFunc(all, func(todo todos.Todo) bool { return todo.ID == query.After.ID })
		}
		end := min(from+query.Limit, len(all))
		page.Todos, page.More = all[from:end], end < len(all)
		return page, nil
	}
}

// search lists what has a search text that fits.
func (l *lab) search(
	ctx context.Context, owner string, query todos.Query, fits func(text string) bool,
) (todos.Page, error) {
	return l.searchText(ctx, owner, query, func(todo todos.Todo) bool {
		return fits(todos.SearchText(todo.Title, todo.Description))
	})
}

func (l *lab) searchText(
	ctx context.Context, owner string, query todos.Query, fits func(todos.Todo) bool,
) (todos.Page, error) {
	if query.Search == "" {
		return l.sound.ListTodos(ctx, owner, query)
	}
	var page todos.Page
	l.reach(owner, func(list *memory.List) {
		some := memory.List{Revision: list.Revision, Todos: make(map[string]todos.Todo)}
		for id, todo := range list.Todos {
			if fits(todo) {
				some.Todos[id] = todo
			}
		}
		query.Search = ""
		page = some.Page(query)
	})
	return page, ctx.Err()
}

func brokenRevisions() []breakage {
	return []breakage{
		{"L4", "a delete leaves the revision", func(l *lab) {
			l.delete = func(ctx context.Context, owner, id string, versions []int64) error {
				err := l.sound.DeleteTodo(ctx, owner, id, versions)
				if err == nil {
					l.reach(owner, func(list *memory.List) { list.Revision.Number-- })
				}
				return err
			}
		}},
		{"L4", "a replay raises the revision", func(l *lab) {
			l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
				created, err := l.sound.CreateTodo(ctx, owner, draft)
				if created.Replayed {
					l.reach(owner, func(list *memory.List) { list.Revision.Number++ })
				}
				return created, err
			}
		}},
		{"L4", "an empty list starts again", func(l *lab) {
			l.delete = func(ctx context.Context, owner, id string, versions []int64) error {
				err := l.sound.DeleteTodo(ctx, owner, id, versions)
				l.reach(owner, func(list *memory.List) {
					if len(list.Todos) == 0 {
						list.Revision = todos.Revision{}
					}
				})
				return err
			}
		}},
		{"L4", "revision and page are read apart", func(l *lab) {
			l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
				revision, err := l.sound.ListTodos(ctx, owner, todos.Query{Limit: 1})
				if err != nil {
					return revision, err
				}
				time.Sleep(100 * time.Microsecond)
				page, err := l.sound.ListTodos(ctx, owner, query)
				page.Revision = revision.Revision
				return page, err
			}
		}},
		{"S1", "all lists share one epoch", func(l *lab) {
			l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
				page, err := l.sound.ListTodos(ctx, owner, query)
				if page.Revision.Number > 0 {
					page.Revision.Epoch = "one"
				}
				return page, err
			}
		}},
		{"L5", "only the epoch is compared", func(l *lab) {
			l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
				page, err := l.sound.ListTodos(ctx, owner, query)
				if query.Known.Number > 0 && query.Known.Epoch == page.Revision.Epoch {
					return todos.Page{NotModified: true, Revision: page.Revision}, err
				}
				return page, err
			}
		}},
		{"L5", "only the number is compared", func(l *lab) {
			l.list = func(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
				page, err := l.sound.ListTodos(ctx, owner, query)
				if query.Known.Number > 0 && query.Known.Number == page.Revision.Number {
					return todos.Page{NotModified: true, Revision: page.Revision}, err
				}
				return page, err
			}
		}},
		{"L5", "every page is modified", func(l *lab) {
			l.queries(func(q *todos.Query) { q.Known = todos.Revision{} })
		}},
	}
}

func brokenWrites() []breakage {
	return []breakage{
		{"U1", "a description cannot become null", func(l *lab) {
			l.changes(func(c *todos.Change) {
				if c.Patch.Description.Value == nil {
					c.Patch.Description.Set = false
				}
			})
		}},
		{"U1", "an empty description becomes null", func(l *lab) {
			l.changes(func(c *todos.Change) {
				if d := c.Patch.Description.Value; d != nil && *d == "" {
					c.Patch.Description.Value = nil
				}
			})
		}},
		{"U1", "completed_at moves with every completed true", func(l *lab) {
			l.update = func(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
				todo, err := l.sound.UpdateTodo(ctx, owner, id, change)
				if change.Patch.Completed.Value && err == nil {
					todo.CompletedAt = change.At
				}
				return todo, err
			}
		}},
		{"U2", "a no-op makes a version", func(l *lab) {
			l.update = func(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
				before, _ := l.sound.GetTodo(ctx, owner, id)
				todo, err := l.sound.UpdateTodo(ctx, owner, id, change)
				if err == nil && todo.Version == before.Version {
					todo.Version++
					l.reach(owner, func(list *memory.List) { list.Todos[id] = todo })
				}
				return todo, err
			}
		}},
		{"U2", "a no-op raises the revision", func(l *lab) {
			l.update = func(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
				before, _ := l.sound.GetTodo(ctx, owner, id)
				todo, err := l.sound.UpdateTodo(ctx, owner, id, change)
				if err == nil && todo.Version == before.Version {
					l.reach(owner, func(list *memory.List) { list.Revision.Number++ })
				}
				return todo, err
			}
		}},
		{"U3", "versions are ignored", func(l *lab) {
			l.changes(func(c *todos.Change) { c.Versions = nil })
		}},
		{"U3", "no version is any version", func(l *lab) {
			l.changes(func(c *todos.Change) {
				if len(c.Versions) == 0 {
					c.Versions = nil
				}
			})
		}},
		{"U3", "only the first version counts", func(l *lab) {
			l.changes(func(c *todos.Change) { c.Versions = c.Versions[:min(1, len(c.Versions))] })
		}},
		{"U3", "no-ops come before versions", func(l *lab) {
			l.update = func(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
				todo, err := l.sound.GetTodo(ctx, owner, id)
				if err != nil {
					return todo, err
				}
				if _, changed := change.Patch.Apply(todo, change.At); !changed {
					return todo, nil
				}
				return l.sound.UpdateTodo(ctx, owner, id, change)
			}
		}},
		{"U4", "reading and writing are two", func(l *lab) {
			l.update = func(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
				todo, err := l.sound.GetTodo(ctx, owner, id)
				if err != nil {
					return todo, err
				}
				if change.Versions != nil && !slices.Contains(change.Versions, todo.Version) {
					return todos.Todo{}, &todos.VersionError{Current: todo.Version}
				}
				time.Sleep(100 * time.Microsecond)
				todo, _ = change.Patch.Apply(todo, change.At)
				l.reach(owner, func(list *memory.List) {
					list.Todos[id] = todo
					list.Revision.Number++
				})
				return todo, nil
			}
		}},
		{"U4", "without versions a write is of all members", func(l *lab) {
			l.update = func(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
				todo, err := l.sound.GetTodo(ctx, owner, id)
				if err != nil || change.Versions != nil {
					return l.sound.UpdateTodo(ctx, owner, id, change)
				}
				time.Sleep(100 * time.Microsecond)
				whole, _ := change.Patch.Apply(todo, change.At)
				change.Patch = todos.Patch{
					Title:       todos.Some(whole.Title),
					Description: todos.Some(whole.Description),
					Completed:   todos.Some(whole.Completed),
					Position:    todos.Some(whole.Position),
				}
				return l.sound.UpdateTodo(ctx, owner, id, change)
			}
		}},
		{"D1", "a deleted todo is in lists", func(l *lab) {
			l.delete = func(ctx context.Context, owner, id string, versions []int64) error {
				todo, _ := l.sound.GetTodo(ctx, owner, id)
				err := l.sound.DeleteTodo(ctx, owner, id, versions)
				if err == nil {
					l.reach(owner, func(list *memory.List) { list.Todos[id] = todo })
				}
				return err
			}
		}},
		{"D2", "versions are ignored", func(l *lab) {
			l.delete = func(ctx context.Context, owner, id string, _ []int64) error {
				return l.sound.DeleteTodo(ctx, owner, id, nil)
			}
		}},
		{"D3", "a second delete succeeds", func(l *lab) {
			l.delete = func(ctx context.Context, owner, id string, versions []int64) error {
				err := l.sound.DeleteTodo(ctx, owner, id, versions)
				if errors.Is(err, todos.ErrNotFound) {
					return nil
				}
				return err
			}
		}},
	}
}

func brokenErasures() []breakage {
	// erasing leaves in place what rest takes from the old list.
	erasing := func(l *lab, rest func(old memory.List, left *memory.List)) {
		l.erase = func(ctx context.Context, owner string) error {
			var old memory.List
			l.reach(owner, func(list *memory.List) { old = *list })
			err := l.sound.(todos.Eraser).EraseTodos(ctx, owner)
			if err == nil {
				l.reach(owner, func(list *memory.List) { rest(old, list) })
			}
			return err
		}
	}
	return []breakage{
		{"E1", "the revision stays", func(l *lab) {
			erasing(l, func(old memory.List, left *memory.List) { left.Revision = old.Revision })
		}},
		{"E1", "the records of retries stay", func(l *lab) {
			erasing(l, func(old memory.List, left *memory.List) { left.Retries = old.Retries })
		}},
		{"E1", "the last position stays", func(l *lab) {
			erasing(l, func(old memory.List, left *memory.List) { left.Last = old.Last })
		}},
		{"E1", "everybody is erased", func(l *lab) {
			l.erase = func(context.Context, string) error {
				l.inside(func(lists map[string]*memory.List) { clear(lists) })
				return nil
			}
		}},
	}
}
