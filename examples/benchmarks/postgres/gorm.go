package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
)

// producers is how many goroutines the peers work with, on a connection each.
const producers = 8

// The models of a typical integration by hand: a table for each object, an
// outbox.
type (
	conversationModel struct {
		ID             string `gorm:"primaryKey"`
		Version        int64
		RecordingState string
		ExternalTag    string
		Address        string
		UpdatedAt      time.Time
		Participants   []participantModel `gorm:"foreignKey:ConversationID"`
	}
	participantModel struct {
		ID             string `gorm:"primaryKey"`
		ConversationID string `gorm:"index"`
		Purpose        string
		Name           string
		UserID         string
		QueueID        string
		Address        string
		ConnectedTime  time.Time
		WrapUpRequired bool
		Attributes     string     `gorm:"type:jsonb"`
		Legs           []legModel `gorm:"foreignKey:ParticipantID"`
	}
	legModel struct {
		ID               string `gorm:"primaryKey"`
		ParticipantID    string `gorm:"index"`
		State            string
		Direction        string
		Provider         string
		PeerID           string
		Ani, Dnis        string
		Held, Muted      bool
		Recording        bool
		ConnectedTime    time.Time
		DisconnectedTime *time.Time
		DisconnectType   string
		WrapUpCode       string
		WrapUpNote       string
		Segments         []segmentModel `gorm:"foreignKey:LegID"`
		Metrics          []metricModel  `gorm:"foreignKey:LegID"`
	}
	segmentModel struct {
		LegID  string    `gorm:"primaryKey"`
		Start  time.Time `gorm:"primaryKey"`
		Type   string
		End    *time.Time
		Queue  string
		WrapUp string
	}
	metricModel struct {
		LegID   string `gorm:"primaryKey"`
		Name    string `gorm:"primaryKey"`
		Emitted time.Time
		Value   int64
	}
	outboxModel struct {
		ID             int64 `gorm:"primaryKey"`
		ConversationID string
		Type           string
		Payload        string `gorm:"type:jsonb"`
		CreatedAt      time.Time
	}
)

// byGORM is what an application writes by hand on GORM: load the graph of the
// conversation, check its version, write the graph and a row of the outbox, in
// one transaction. The rows are those that the notification speaks of; with
// details also a segment and a metric of each leg.
func byGORM(name string, details bool) variant {
	return variant{name: name, with: fmt.Sprint(producers, " producers"), counts: "events", open: func(ctx context.Context, s *server, _ *options) (round, error) {
		db, err := openGORM(ctx, s)
		if err != nil {
			return nil, err
		}
		traffic := newTraffic(live)
		return func(ctx context.Context, d time.Duration) (t tally, err error) {
			began := time.Now()
			t.n, err = traffic.produce(ctx, producers, d, func(slot int) (bool, error) {
				return true, saveGraph(db.WithContext(ctx), traffic.notification(slot), details)
			})
			t.took = time.Since(began)
			return t, err
		}, nil
	}}
}

// openGORM connects so many producers to a schema with the tables.
func openGORM(ctx context.Context, s *server) (*gorm.DB, error) {
	x, err := s.newSite(ctx)
	if err != nil {
		return nil, err
	}
	config, err := x.poolConfig(producers)
	if err != nil {
		return nil, err
	}
	pool := stdlib.OpenDB(*config.ConnConfig)
	pool.SetMaxOpenConns(producers)
	pool.SetMaxIdleConns(producers)
	s.later(func(context.Context) error { return pool.Close() })
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), &gorm.Config{Logger: logger.Default.LogMode(logger.Silent)})
	if err != nil {
		return nil, err
	}
	return db, db.WithContext(ctx).AutoMigrate(&conversationModel{}, &participantModel{}, &legModel{}, &segmentModel{}, &metricModel{}, &outboxModel{})
}

func saveGraph(db *gorm.DB, data []byte, details bool) error {
	var m notification
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	want, err := m.model(details)
	if err != nil {
		return err
	}
	return db.Transaction(func(tx *gorm.DB) error {
		var have conversationModel
		load := tx.Preload("Participants.Legs")
		if details {
			load = load.Preload("Participants.Legs.Segments").Preload("Participants.Legs.Metrics")
		}
		err := load.First(&have, "id = ?", want.ID).Error
		if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
			return err
		}
		if err == nil {
			r := tx.Model(&conversationModel{}).Where("id = ? and version = ?", want.ID, have.Version).Update("version", have.Version+1)
			if r.Error != nil || r.RowsAffected != 1 {
				return errors.Join(errConflict, r.Error)
			}
		}
		want.Version = have.Version + 1
		if err := tx.Session(&gorm.Session{FullSaveAssociations: true}).Clauses(clause.OnConflict{UpdateAll: true}).Create(want).Error; err != nil {
			return err
		}
		return tx.Create(&outboxModel{ConversationID: want.ID, Type: "participant.changed", Payload: payload}).Error
	})
}
