package storagetest

import (
	"sync/atomic"

	"github.com/authtodo/authtodo/auth/accounts"
)

// secondCases try clauses through two stores over the same data.
func secondCases() []accountCase {
	return []accountCase{
		{clause: "AS12", name: "sixteen racers on two instances leave one family", run: secondRefreshes},
		{clause: "AS6", name: "a session that ended on a second instance", run: secondEnds},
		{clause: "AU7", name: "a password that changed on a second instance", run: secondChanges},
		{clause: "AK2", name: "sixteen racers on two instances add one key", run: secondKeys, alone: true},
	}
}

func (t *accountTrial) both() func() accounts.Store {
	var n atomic.Int64
	return func() accounts.Store {
		if n.Add(1)%2 == 0 {
			return t.second
		}
		return t.store
	}
}

func secondRefreshes(t *accountTrial) { t.refresh(t.both()) }

func secondEnds(t *accountTrial) {
	anna := t.join("anna")
	s := t.signIn(t.session(anna.ID, "session", 0))
	second := t.through(t.second)
	second.is("on the second", anna)
	second.has("on the second", anna.ID, s)
	t.must("ending", t.second.EndSession(t.ctx, anna.ID, s.ID))
	t.noSession("a session that ended elsewhere", anna.ID, s.ID)
	t.has("none", anna.ID)
}

func secondChanges(t *accountTrial) {
	anna := t.join("anna")
	t.signIn(t.session(anna.ID, "session", 0))
	next := t.session(anna.ID, "next", 1)
	t.must("changing", t.second.ChangePassword(t.ctx, anna.ID, anna.Password, "changed", &next, t.at(1)))
	err := t.store.ChangePassword(t.ctx, anna.ID, anna.Password, "again", nil, t.at(2))
	t.fails("the password of before", err, accounts.ErrPasswordChanged)
	t.has("the next session", anna.ID, next)
}

func secondKeys(t *accountTrial) {
	next := t.both()
	stores := make([]accounts.Store, 16)
	for i := range stores {
		stores[i] = next()
	}
	t.raceForKey(t.next(), stores...)
}
