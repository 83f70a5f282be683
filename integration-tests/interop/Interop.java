import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own Java client, for the tests of carom: java -cp "libs/*" Interop.java write|read SERVERS TOPIC FILE|COUNT
 *
 * A record is a line of words: key, value, then names and values of its headers, each in base64 and "-" for null. When
 * they are read, topic and partition stand before them.
 */
public class Interop {
    public static void main(String[] args) throws Exception {
        if (args[0].equals("write")) {
            write(args[1], args[2], Files.readAllLines(Path.of(args[3])));
        } else {
            read(args[1], args[2], Integer.parseInt(args[3]));
        }
    }

    static void write(String servers, String topic, List<String> lines) throws Exception {
        var serializer = new ByteArraySerializer();
        Map<String, Object> config = Map.of("bootstrap.servers", servers, "acks", "all");
        try (var producer = new KafkaProducer<byte[], byte[]>(config, serializer, serializer)) {
            for (String line : lines) {
                byte[][] words = Stream.of(line.split(" ")).map(Interop::bytes).toArray(byte[][]::new);
                var record = new ProducerRecord<byte[], byte[]>(topic, words[0], words[1]);
                for (int at = 2; at < words.length; at += 2) {
                    record.headers().add(new String(words[at], UTF_8), words[at + 1]);
                }
                System.out.println("written " + producer.send(record).get().partition());
            }
        }
    }

    static void read(String servers, String topic, int count) {
        var deserializer = new ByteArrayDeserializer();
        Map<String, Object> config = Map.of("bootstrap.servers", servers, "auto.offset.reset", "earliest");
        try (var consumer = new KafkaConsumer<byte[], byte[]>(config, deserializer, deserializer)) {
            var partitions = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition())).collect(Collectors.toList());
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            for (int seen = 0; seen < count; ) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    System.out.println(record.topic() + " " + record.partition() + " " + String.join(" ", words(record)));
                    seen++;
                }
            }
        }
    }

    static List<String> words(ConsumerRecord<byte[], byte[]> record) {
        var words = new ArrayList<>(List.of(word(record.key()), word(record.value())));
        for (Header header : record.headers()) {
            words.add(word(header.key().getBytes(UTF_8)));
            words.add(word(header.value()));
        }
        return words;
    }

    static String word(byte[] bytes) {
        return bytes == null ? "-" : Base64.getEncoder().encodeToString(bytes);
    }

    static byte[] bytes(String word) {
        return word.equals("-") ? null : Base64.getDecoder().decode(word);
    }
}
