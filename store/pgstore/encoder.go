package pgstore

import "sync"

// encoder writes the parameters of statements into memory that is used again.
type encoder struct {
	buffer []byte
	params [][]byte
}

// mostKept is the size of a buffer that is kept.
const mostKept = 4 << 20

// encoders are those that nobody uses at the moment.
type encoders struct{ pool sync.Pool }

func (p *encoders) borrow() *encoder {
	if e, ok := p.pool.Get().(*encoder); ok {
		return e
	}
	return &encoder{}
}

func (p *encoders) giveBack(e *encoder) {
	if cap(e.buffer) <= mostKept {
		p.pool.Put(e)
	}
}

// encode writes the parameters of a step. They are valid until the next call.
func (e *encoder) encode(x *step) [][]byte {
	e.buffer, e.params = e.buffer[:0], e.params[:0]
	for i := range x.args {
		begin := len(e.buffer)
		switch a := &x.args[i]; {
		case a.of != nil:
			e.buffer = appendRows(e.buffer, a.of, a.rows)
		case a.value.Valid:
			e.buffer = appendValue(e.buffer, x.params[i], &a.value)
			begin += 4 // the length is not part of a parameter
		default:
			e.params = append(e.params, nil)
			continue
		}
		e.params = append(e.params, e.buffer[begin:])
	}
	return e.params
}
