package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
)

// The models of a typical integration by hand: what it needs of a queue
// notification, a table for each object, an outbox.
type (
	message struct {
		EventBody struct {
			ID             string `json:"id"`
			RecordingState string `json:"recordingState"`
			ExternalTag    string `json:"externalTag"`
			Address        string `json:"address"`
			Participants   []struct {
				ID             string            `json:"id"`
				Purpose        string            `json:"purpose"`
				Name           string            `json:"name"`
				UserID         string            `json:"userId"`
				QueueID        string            `json:"queueId"`
				Address        string            `json:"address"`
				ConnectedTime  time.Time         `json:"connectedTime"`
				WrapupRequired bool              `json:"wrapupRequired"`
				WrapupPrompt   string            `json:"wrapupPrompt"`
				Attributes     map[string]string `json:"attributes"`
				Wrapup         *struct {
					Code  string `json:"code"`
					Notes string `json:"notes"`
				} `json:"wrapup"`
				Calls []struct {
					ID               string    `json:"id"`
					State            string    `json:"state"`
					Direction        string    `json:"direction"`
					Provider         string    `json:"provider"`
					PeerID           string    `json:"peerId"`
					ScriptID         string    `json:"scriptId"`
					Held             bool      `json:"held"`
					Muted            bool      `json:"muted"`
					Recording        bool      `json:"recording"`
					ConnectedTime    time.Time `json:"connectedTime"`
					DisconnectedTime time.Time `json:"disconnectedTime"`
					DisconnectType   string    `json:"disconnectType"`
					Self             struct {
						Address string `json:"addressNormalized"`
					} `json:"self"`
					Other struct {
						Address string `json:"addressNormalized"`
					} `json:"other"`
				} `json:"calls"`
			} `json:"participants"`
		} `json:"eventBody"`
	}

	conversationModel struct {
		ID             string `gorm:"primaryKey"`
		Version        int64
		RecordingState string
		ExternalTag    string
		Address        string
		UpdatedAt      time.Time          `gorm:"index"`
		Participants   []participantModel `gorm:"foreignKey:ConversationID"`
	}
	participantModel struct {
		ID             string `gorm:"primaryKey"`
		ConversationID string `gorm:"index"`
		Purpose, Name  string
		UserID         string `gorm:"index"`
		QueueID        string `gorm:"index"`
		Address        string
		ConnectedTime  time.Time
		WrapupRequired bool
		WrapupPrompt   string
		Attributes     string
		Sessions       []sessionModel `gorm:"foreignKey:ParticipantID"`
	}
	sessionModel struct {
		ID               string `gorm:"primaryKey"`
		ParticipantID    string `gorm:"index"`
		State            string
		Direction        string
		Provider         string
		PeerID           string
		ScriptID         string
		ANI, DNIS        string
		Held             bool
		Muted            bool
		Recording        bool
		ConnectedTime    time.Time
		DisconnectedTime time.Time
		DisconnectType   string
		WrapUpCode       string
		WrapUpNote       string
	}
	outboxModel struct {
		ID             int64  `gorm:"primaryKey"`
		ConversationID string `gorm:"index"`
		Type           string
		Payload        string
		CreatedAt      time.Time
	}
)

func (m *message) model() (*conversationModel, error) {
	body := &m.EventBody
	c := &conversationModel{ID: body.ID, RecordingState: body.RecordingState, ExternalTag: body.ExternalTag, Address: body.Address}
	for _, p := range body.Participants {
		attributes, err := json.Marshal(p.Attributes)
		if err != nil {
			return nil, err
		}
		pm := participantModel{ID: p.ID, ConversationID: body.ID, Purpose: p.Purpose, Name: p.Name, UserID: p.UserID, QueueID: p.QueueID,
			Address: p.Address, ConnectedTime: p.ConnectedTime, WrapupRequired: p.WrapupRequired, WrapupPrompt: p.WrapupPrompt, Attributes: string(attributes)}
		for _, call := range p.Calls {
			s := sessionModel{ID: call.ID, ParticipantID: p.ID, State: call.State, Direction: call.Direction, Provider: call.Provider, PeerID: call.PeerID,
				ScriptID: call.ScriptID, ANI: call.Other.Address, DNIS: call.Self.Address, Held: call.Held, Muted: call.Muted, Recording: call.Recording,
				ConnectedTime: call.ConnectedTime, DisconnectedTime: call.DisconnectedTime, DisconnectType: call.DisconnectType}
			if p.Wrapup != nil {
				s.WrapUpCode, s.WrapUpNote = p.Wrapup.Code, p.Wrapup.Notes
			}
			pm.Sessions = append(pm.Sessions, s)
		}
		c.Participants = append(c.Participants, pm)
	}
	return c, nil
}

// byHand opens a database as such an integration does, with the durability of
// the store, and returns what it does with a notification: load the graph,
// check the version, write the graph and a row of the outbox.
func byHand(t *testing.T) func(data []byte) error {
	dsn := "file:" + filepath.Join(t.TempDir(), "gorm.db") + "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_foreign_keys=1&_cache_size=-65536"
	db, err := gorm.Open(sqlite.Open(dsn), &gorm.Config{Logger: logger.Default.LogMode(logger.Silent), SkipDefaultTransaction: true, PrepareStmt: true})
	require.NoError(t, err)
	require.NoError(t, db.AutoMigrate(&conversationModel{}, &participantModel{}, &sessionModel{}, &outboxModel{}))
	pool, err := db.DB()
	require.NoError(t, err)
	pool.SetMaxOpenConns(1) // two that write would find the file locked
	t.Cleanup(func() { _ = pool.Close() })
	return func(data []byte) error {
		var m message
		if err := json.Unmarshal(data, &m); err != nil {
			return err
		}
		want, err := m.model()
		if err != nil {
			return err
		}
		payload, err := json.Marshal(want)
		if err != nil {
			return err
		}
		return db.Transaction(func(tx *gorm.DB) error {
			var have conversationModel
			err := tx.Preload("Participants.Sessions").First(&have, "id = ?", want.ID).Error
			if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
				return err
			}
			if err == nil {
				r := tx.Model(&conversationModel{}).Where("id = ? AND version = ?", want.ID, have.Version).Update("version", have.Version+1)
				if r.Error != nil || r.RowsAffected != 1 {
					return fmt.Errorf("conflict: %w", r.Error)
				}
			}
			want.Version = have.Version + 1
			if err := tx.Session(&gorm.Session{FullSaveAssociations: true}).Clauses(clause.OnConflict{UpdateAll: true}).Create(want).Error; err != nil {
				return err
			}
			return tx.Create(&outboxModel{ConversationID: want.ID, Type: "conversation.changed", Payload: string(payload)}).Error
		})
	}
}
