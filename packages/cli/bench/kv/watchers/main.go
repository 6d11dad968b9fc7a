// Many watchers of one key that one writer overwrites, with etcd's own client.
package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/clientv3"
)

const key = "bench/watched"

// watchersPerConnection share a stream of their connection, as etcd's client does.
const watchersPerConnection = 10

func main() {
	endpoints := flag.String("endpoints", "127.0.0.1:2379", "comma-separated")
	watchers := flag.Int("watchers", 1000, "")
	duration := flag.Duration("dur", 5*time.Second, "how long the writer writes")
	valueBytes := flag.Int("val", 256, "at least 8")
	flag.Parse()
	if err := run(strings.Split(*endpoints, ","), *watchers, *duration, *valueBytes); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(endpoints []string, watchers int, duration time.Duration, valueBytes int) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var events int64
	var delays delayLog
	var ready, done sync.WaitGroup
	ready.Add(watchers)
	done.Add(watchers)
	for begun := 0; begun < watchers; begun += watchersPerConnection {
		client, err := connect(endpoints)
		if err != nil {
			return err
		}
		defer client.Close()
		for at := begun; at < watchers && at < begun+watchersPerConnection; at++ {
			follow(ctx, client, at == begun, &events, &delays, &ready, &done)
		}
	}
	ready.Wait()
	writer, err := connect(endpoints)
	if err != nil {
		return err
	}
	defer writer.Close()
	start := time.Now()
	puts := int64(0)
	for time.Since(start) < duration {
		if err := put(ctx, writer, valueBytes, false); err != nil {
			return err
		}
		puts++
	}
	if err := put(ctx, writer, valueBytes, true); err != nil {
		return err
	}
	puts++
	waitAtMost(&done, 60*time.Second)
	elapsed := time.Since(start).Seconds()
	found := atomic.LoadInt64(&events)
	fmt.Printf("watchers=%d puts=%d events=%d lost=%d %.0f events/s p50=%.2fms p99=%.2fms\n",
		watchers, puts, found, puts*int64(watchers)-found, float64(found)/elapsed,
		delays.percentile(0.5), delays.percentile(0.99))
	return nil
}

func connect(endpoints []string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{Endpoints: endpoints, DialTimeout: 10 * time.Second})
}

// put writes when it was sent and whether it is the last one.
func put(ctx context.Context, client *clientv3.Client, valueBytes int, last bool) error {
	value := make([]byte, valueBytes)
	stamp := uint64(time.Now().UnixNano()) &^ 1
	if last {
		stamp |= 1
	}
	binary.BigEndian.PutUint64(value, stamp)
	_, err := client.Put(ctx, key, string(value))
	return err
}

// follow counts the events of one watch, until the last value has come.
func follow(ctx context.Context, client *clientv3.Client, measures bool, events *int64,
	delays *delayLog, ready, done *sync.WaitGroup) {
	channel := client.Watch(ctx, key, clientv3.WithCreatedNotify())
	go func() {
		defer done.Done()
		for response := range channel {
			if response.Created {
				ready.Done()
			}
			for _, event := range response.Events {
				atomic.AddInt64(events, 1)
				stamp := binary.BigEndian.Uint64(event.Kv.Value)
				if measures {
					delays.add(time.Since(time.Unix(0, int64(stamp))))
				}
				if stamp&1 == 1 {
					return
				}
			}
		}
	}()
}

func waitAtMost(group *sync.WaitGroup, limit time.Duration) {
	finished := make(chan struct{})
	go func() {
		group.Wait()
		close(finished)
	}()
	select {
	case <-finished:
	case <-time.After(limit):
	}
}

type delayLog struct {
	sync.Mutex
	milliseconds []float64
}

func (log *delayLog) add(delay time.Duration) {
	log.Lock()
	log.milliseconds = append(log.milliseconds, float64(delay.Microseconds())/1000)
	log.Unlock()
}

func (log *delayLog) percentile(share float64) float64 {
	log.Lock()
	defer log.Unlock()
	if len(log.milliseconds) == 0 {
		return 0
	}
	sort.Float64s(log.milliseconds)
	return log.milliseconds[int(share*float64(len(log.milliseconds)-1))]
}
