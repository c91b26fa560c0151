import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Administers and feeds the tests' broker from a process of its own: a JSON command a line on standard input, a JSON
 * answer a line on standard output. Started from source, as {@code java -cp … BrokerTool.java HOST:PORT}.
 */
public final class BrokerTool {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int RECORD_BYTES_MAX = 96 * 1024 * 1024;

  private final String brokers;
  private final Admin admin;
  private final KafkaProducer<byte[], byte[]> producer;

  private BrokerTool(String brokers) {
    this.brokers = brokers;
    Properties p = new Properties();
    p.put("bootstrap.servers", brokers);
    admin = Admin.create(p);
    p.put("acks", "all");
    p.put("linger.ms", "20");
    p.put("batch.size", "262144");
    p.put("max.request.size", RECORD_BYTES_MAX);
    p.put("buffer.memory", 2L * RECORD_BYTES_MAX);
    p.put("enable.idempotence", "true");
    producer = new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer());
  }

  public static void main(String[] args) throws Exception {
    BrokerTool tool = new BrokerTool(args[0]);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      ObjectNode answer = JSON.createObjectNode();
      try {
        tool.run(JSON.readTree(line), answer);
        answer.put("ok", true);
      } catch (Exception e) {
        answer.put("ok", false).put("error", String.valueOf(e.getCause() == null ? e : e.getCause()));
      }
      System.out.println(JSON.writeValueAsString(answer));
      System.out.flush();
    }
    System.exit(0);
  }

  private void run(JsonNode command, ObjectNode answer) throws Exception {
    switch (command.path("op").asText()) {
      case "nodes" -> answer.put("nodes", admin.describeCluster().nodes().get(5, TimeUnit.SECONDS).size());
      case "create" -> create(command.path("topics"));
      case "delete" -> admin.deleteTopics(texts(command.path("topics"))).all().get(30, TimeUnit.SECONDS);
      case "topics" -> answer.set("topics", JSON.valueToTree(admin.listTopics().names().get(10, TimeUnit.SECONDS)));
      case "produce" -> answer.put("produced", produce(Path.of(command.path("file").asText())));
      case "read" -> answer.put("read", read(command.path("topic").asText(), Path.of(command.path("file").asText())));
      case "truncate" -> truncate(command.path("topic").asText(), command.path("before"));
      case "ends" -> answer.set("ends", JSON.valueToTree(ends(texts(command.path("topics")))));
      case "committed" -> answer.set("committed", JSON.valueToTree(committed(command.path("group").asText())));
      default -> throw new IllegalArgumentException("unknown command " + command);
    }
  }

  private void create(JsonNode partitionsByTopic) throws Exception {
    List<NewTopic> topics = new ArrayList<>();
    partitionsByTopic.fields()
        .forEachRemaining(f -> topics.add(new NewTopic(f.getKey(), f.getValue().asInt(), (short) 1)));
    admin.createTopics(topics).all().get(60, TimeUnit.SECONDS);
    Set<String> wanted = partitionsByTopic.properties().stream().map(Map.Entry::getKey).collect(
        java.util.stream.Collectors.toSet());
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!admin.listTopics().names().get(10, TimeUnit.SECONDS).containsAll(wanted)) {
      if (System.nanoTime() > deadline) throw new IllegalStateException("topics are not listed: " + wanted);
      Thread.sleep(50);
    }
  }

  /** Lines of {"t": topic, "k": key, "v": value, "p": partition, "ts": ms}; k64 and v64 carry raw bytes instead. */
  private long produce(Path file) throws Exception {
    AtomicReference<Exception> failure = new AtomicReference<>();
    long n = 0;
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode r = JSON.readTree(line);
        Integer partition = r.hasNonNull("p") ? r.get("p").asInt() : null;
        Long timestamp = r.hasNonNull("ts") ? r.get("ts").asLong() : null;
        producer.send(
            new ProducerRecord<>(r.get("t").asText(), partition, timestamp, bytes(r, "k"), bytes(r, "v")),
            (meta, e) -> {
              if (e != null) failure.compareAndSet(null, e);
            });
        ++n;
      }
    }
    producer.flush();
    if (failure.get() != null) throw failure.get();
    return n;
  }

  /** All that the topic holds now, as lines of {"p": partition, "o": offset, "k": key, "v": value, "h": headers}. */
  private long read(String topic, Path file) throws Exception {
    Map<Integer, Long> ends = ends(List.of(topic)).getOrDefault(topic, Map.of());
    Properties p = new Properties();
    p.put("bootstrap.servers", brokers);
    p.put("max.poll.records", 10_000);
    long n = 0;
    try (var consumer = new KafkaConsumer<>(p, new StringDeserializer(), new StringDeserializer());
        BufferedWriter lines = Files.newBufferedWriter(file)) {
      List<TopicPartition> all = ends.keySet().stream().map(i -> new TopicPartition(topic, i)).toList();
      consumer.assign(all);
      consumer.seekToBeginning(all);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
      while (all.stream().anyMatch(tp -> consumer.position(tp) < ends.get(tp.partition()))) {
        if (System.nanoTime() > deadline) throw new IllegalStateException(topic + " could not be read to its end");
        for (var r : consumer.poll(Duration.ofMillis(200))) {
          lines.write(JSON.writeValueAsString(line(r)));
          lines.newLine();
          ++n;
        }
      }
    }
    return n;
  }

  private static ObjectNode line(ConsumerRecord<String, String> r) {
    ObjectNode line = JSON.createObjectNode().put("p", r.partition()).put("o", r.offset());
    line.put("k", r.key()).put("v", r.value());
    ObjectNode headers = line.putObject("h");
    r.headers().forEach(h -> headers.put(h.key(), new String(h.value(), StandardCharsets.UTF_8)));
    return line;
  }

  /** Deletes what lies before an offset: {partition: offset}. */
  private void truncate(String topic, JsonNode before) throws Exception {
    Map<TopicPartition, RecordsToDelete> wanted = new HashMap<>();
    before.fields().forEachRemaining(
        f -> wanted.put(
            new TopicPartition(topic, Integer.parseInt(f.getKey())),
            RecordsToDelete.beforeOffset(f.getValue().asLong())));
    admin.deleteRecords(wanted).all().get(30, TimeUnit.SECONDS);
  }

  private static byte[] bytes(JsonNode record, String field) {
    if (record.hasNonNull(field + "64")) return Base64.getDecoder().decode(record.get(field + "64").asText());
    if (record.hasNonNull(field + "_repeat")) {
      JsonNode spec = record.get(field + "_repeat");  // [before, unit, times, after]
      return (spec.get(0).asText() + spec.get(1).asText().repeat(spec.get(2).asInt()) + spec.get(3).asText())
          .getBytes(StandardCharsets.UTF_8);
    }
    return record.hasNonNull(field) ? record.get(field).asText().getBytes(StandardCharsets.UTF_8) : null;
  }

  private Map<String, Map<Integer, Long>> ends(List<String> topics) throws Exception {
    Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
    for (var d : admin.describeTopics(topics).allTopicNames().get(10, TimeUnit.SECONDS).values())
      d.partitions().forEach(p -> wanted.put(new TopicPartition(d.name(), p.partition()), OffsetSpec.latest()));
    Map<String, Map<Integer, Long>> out = new TreeMap<>();
    admin.listOffsets(wanted).all().get(10, TimeUnit.SECONDS).forEach(
        (tp, info) -> out.computeIfAbsent(tp.topic(), t -> new TreeMap<>()).put(tp.partition(), info.offset()));
    return out;
  }

  private Map<String, Map<Integer, Long>> committed(String group) throws Exception {
    Map<String, Map<Integer, Long>> out = new TreeMap<>();
    admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get(10, TimeUnit.SECONDS).forEach((tp, o) -> {
      if (o != null) out.computeIfAbsent(tp.topic(), t -> new TreeMap<>()).put(tp.partition(), o.offset());
    });
    return out;
  }

  private static List<String> texts(JsonNode array) {
    List<String> out = new ArrayList<>();
    array.forEach(n -> out.add(n.asText()));
    return out;
  }
}
