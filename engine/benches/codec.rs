//! The cost of payloads: sealing, opening and rewriting a listing, gzipped and not.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lazy_layers_engine::codec::{Limits, Reader, check, seal};

/// A text in `MessagePack`, of less than 32 bytes.
fn text(out: &mut Vec<u8>, text: &str) {
    out.push(0xA0 | u8::try_from(text.len()).unwrap_or(0));
    out.extend_from_slice(text.as_bytes());
}

/// A listing as `msgpackr` packs it: an array of objects of one shape.
fn listing(items: u16) -> Vec<u8> {
    let mut packed = vec![0xDC];
    packed.extend_from_slice(&items.to_be_bytes());
    for item in 0..items {
        packed.push(0x84);
        text(&mut packed, "id");
        packed.push(0xCD);
        packed.extend_from_slice(&item.to_be_bytes());
        text(&mut packed, "name");
        text(&mut packed, &format!("Customer {item}"));
        text(&mut packed, "email");
        text(&mut packed, &format!("customer.{item}@example.com"));
        text(&mut packed, "active");
        packed.push(0xC3);
    }
    packed
}

fn codec(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec");
    for items in [4, 400, 20_000] {
        let packed = listing(items);
        group.throughput(Throughput::Bytes(packed.len() as u64));
        group.bench_function(BenchmarkId::new("check", packed.len()), |bencher| {
            bencher.iter(|| check(&packed, Limits::default().depth));
        });
        group.bench_function(BenchmarkId::new("seal", packed.len()), |bencher| {
            bencher.iter(|| seal(&packed));
        });
        let payload = seal(&packed).bytes;
        let reader = Reader::new(Limits::default());
        group.bench_function(BenchmarkId::new("open", packed.len()), |bencher| {
            bencher.iter_batched(|| payload.clone(), |payload| reader.open(payload), BatchSize::LargeInput);
        });
    }
    group.finish();
}

criterion_group!(benches, codec);
criterion_main!(benches);
