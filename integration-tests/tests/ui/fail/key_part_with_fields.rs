use carom::KeyPart;

#[derive(KeyPart)]
enum Region {
    North,
    Other(String),
}

fn main() {}
