use carom::{Bus, Kafka, Publisher};

fn publisher() -> Publisher {
    let bus = Bus::new(Kafka::embedded()).service("shop");
    bus.publisher()
}

fn main() {
    drop(publisher());
}
