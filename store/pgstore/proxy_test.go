package pgstore_test

import (
	"context"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// proxy gives out its connections to the server by the transaction, as
// PgBouncer does in that mode: two transactions of a client may run on
// different connections. It counts what goes through.
type proxy struct {
	listener net.Listener
	servers  chan *pgconn.HijackedConn
	group    sync.WaitGroup

	trips, statements atomic.Int64
}

func newProxy(t testing.TB, schema string, servers int) *proxy {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, servers: make(chan *pgconn.HijackedConn, servers)}
	config, err := pgconn.ParseConfig(cluster.ConnString)
	require.NoError(t, err)
	config.RuntimeParams["search_path"] = schema
	for range servers {
		c, err := pgconn.ConnectConfig(t.Context(), config)
		require.NoError(t, err)
		server, err := c.Hijack()
		require.NoError(t, err)
		p.servers <- server
	}
	p.group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			p.group.Go(func() { p.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		for range servers {
			_ = (<-p.servers).Conn.Close()
		}
		p.group.Wait()
	})
	return p
}

// through lets a pool connect to the proxy.
func (p *proxy) through(c *pgxpool.Config) {
	at := p.listener.Addr().(*net.TCPAddr)
	c.ConnConfig.Host, c.ConnConfig.Port, c.ConnConfig.TLSConfig, c.ConnConfig.Fallbacks = at.IP.String(), uint16(at.Port), nil, nil
	delete(c.ConnConfig.RuntimeParams, "search_path") // it is the session's, which is the proxy's
}

// counted returns how many statements and round trips do takes.
func (p *proxy) counted(do func()) (statements, trips int64) {
	s, t := p.statements.Load(), p.trips.Load()
	do()
	return p.statements.Load() - s, p.trips.Load() - t
}

// serve speaks with a client until it leaves.
func (p *proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	backend := pgproto3.NewBackend(client, client)
	if !p.greet(backend) {
		return
	}
	var server *pgconn.HijackedConn
	defer func() {
		if server != nil {
			p.servers <- server // broken off in a transaction: tests do not do that
		}
	}()
	var batch []byte
	for {
		m, err := backend.Receive()
		if err != nil {
			return
		}
		switch m.(type) {
		case *pgproto3.Terminate:
			return
		case *pgproto3.Execute:
			p.statements.Add(1)
		case *pgproto3.Query:
			p.statements.Add(1)
		}
		if batch, err = m.Encode(batch); err != nil {
			return
		}
		switch m.(type) {
		case *pgproto3.Sync, *pgproto3.Query:
		default:
			continue
		}
		p.trips.Add(1)
		if server == nil {
			server = <-p.servers
		}
		idle, err := exchange(server, backend, batch)
		if batch = batch[:0]; err != nil {
			return
		}
		if idle {
			p.servers <- server
			server = nil
		}
	}
}

// exchange sends what the client says and returns what the server answers, and
// whether the transaction is over.
func exchange(server *pgconn.HijackedConn, backend *pgproto3.Backend, batch []byte) (idle bool, err error) {
	sent := make(chan error, 1)
	go func() {
		_, err := server.Conn.Write(batch)
		sent <- err
	}()
	for {
		m, err := server.Frontend.Receive()
		if err != nil {
			return false, err
		}
		backend.Send(m)
		if ready, ok := m.(*pgproto3.ReadyForQuery); ok {
			if err := <-sent; err != nil {
				return false, err
			}
			return ready.TxStatus == 'I', backend.Flush()
		}
	}
}

// greet lets the client in.
func (p *proxy) greet(backend *pgproto3.Backend) bool {
	m, err := backend.ReceiveStartupMessage()
	if _, ok := m.(*pgproto3.StartupMessage); err != nil || !ok {
		return false // no encryption, no cancelling
	}
	backend.Send(&pgproto3.AuthenticationOk{})
	for name, value := range map[string]string{"server_version": "15", "client_encoding": "UTF8", "standard_conforming_strings": "on", "TimeZone": "UTC"} {
		backend.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	backend.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}})
	backend.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return backend.Flush() == nil
}

// terminate ends the sessions of a schema's pools on the server's side.
func terminate(t testing.TB, name string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	c, err := pgconn.Connect(ctx, cluster.ConnString)
	require.NoError(t, err)
	defer func() { _ = c.Close(ctx) }()
	result, err := c.Exec(ctx, "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = '"+name+"'").ReadAll()
	require.NoError(t, err)
	n, err := strconv.Atoi(string(result[0].Rows[0][0]))
	require.NoError(t, err)
	return n
}
