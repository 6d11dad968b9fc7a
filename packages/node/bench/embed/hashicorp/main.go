// One of three nodes of hashicorp/raft, as the peer of `npm run bench -- embed`: a counter behind
// its TCP transport, its log in BoltDB with fsync. Commands come by standard input, a line each:
// `load CALLERS SECONDS BYTES` and, by its end, `close`. Answers are lines of JSON.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb"
)

type tally struct{ count uint64 }

func (t *tally) Apply(*raft.Log) interface{} {
	t.count++
	return t.count
}
func (t *tally) Snapshot() (raft.FSMSnapshot, error) { return &tallySnapshot{t.count}, nil }
func (t *tally) Restore(from io.ReadCloser) error {
	_, err := fmt.Fscan(from, &t.count)
	return err
}

type tallySnapshot struct{ count uint64 }

func (s *tallySnapshot) Persist(sink raft.SnapshotSink) error {
	if _, err := fmt.Fprint(sink, s.count); err != nil {
		return err
	}
	return sink.Close()
}
func (s *tallySnapshot) Release() {}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func say(answer map[string]interface{}) {
	line, err := json.Marshal(answer)
	must(err)
	fmt.Println(string(line))
}

func open(at int, addresses []string, directory string) *raft.Raft {
	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(addresses[at])
	config.LogOutput = io.Discard
	// Its default is to send up to 64 entries at a time; with many callers more is its faster mode.
	config.MaxAppendEntries = 1024
	store, err := raftboltdb.NewBoltStore(filepath.Join(directory, "log"))
	must(err)
	snapshots, err := raft.NewFileSnapshotStore(directory, 1, io.Discard)
	must(err)
	transport, err := raft.NewTCPTransport(addresses[at], nil, 3, 10*time.Second, io.Discard)
	must(err)
	cached, err := raft.NewLogCache(4096, store)
	must(err)
	node, err := raft.NewRaft(config, &tally{}, cached, store, snapshots, transport)
	must(err)
	if at == 0 {
		servers := []raft.Server{}
		for _, address := range addresses {
			servers = append(servers, raft.Server{
				ID: raft.ServerID(address), Address: raft.ServerAddress(address),
			})
		}
		must(node.BootstrapCluster(raft.Configuration{Servers: servers}).Error())
	}
	return node
}

func load(node *raft.Raft, callers int, seconds int, bytes int) {
	var lock sync.Mutex
	var group sync.WaitGroup
	latencies := []float64{}
	start := time.Now()
	end := start.Add(time.Duration(seconds) * time.Second)
	for caller := 0; caller < callers; caller++ {
		group.Add(1)
		go func() {
			defer group.Done()
			own := []float64{}
			command := make([]byte, bytes)
			for time.Now().Before(end) {
				sent := time.Now()
				must(node.Apply(command, 0).Error())
				own = append(own, time.Since(sent).Seconds()*1000)
			}
			lock.Lock()
			latencies = append(latencies, own...)
			lock.Unlock()
		}()
	}
	group.Wait()
	took := time.Since(start).Seconds()
	sort.Float64s(latencies)
	count := len(latencies)
	say(map[string]interface{}{
		"perSecond": float64(count) / took,
		"p50Ms":     latencies[count/2],
		"p99Ms":     latencies[count*99/100],
	})
}

func main() {
	at := flag.Int("at", 0, "which of the addresses is this node's")
	list := flag.String("addresses", "", "of all three, HOST:PORT,HOST:PORT,HOST:PORT")
	directory := flag.String("directory", "", "for its log, there already")
	flag.Parse()
	node := open(*at, strings.Split(*list, ","), *directory)
	go func() {
		for leads := range node.LeaderCh() {
			say(map[string]interface{}{"leads": leads})
		}
	}()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var callers, seconds, bytes int
		if _, err := fmt.Sscanf(lines.Text(), "load %d %d %d", &callers, &seconds, &bytes); err != nil {
			break
		}
		load(node, callers, seconds, bytes)
	}
	node.Shutdown()
}
