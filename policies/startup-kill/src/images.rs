//! Software that repairs its data before it serves.

use forewarn_kit::glob;
use forewarn_kit::image::Image;

/// The product in an image, when it is one that may take half an hour to come back after a crash. It is known by the
/// last part of the image's name, so exporters, consoles and operators (`kafka-exporter`) are not taken for it.
pub(crate) fn product(image: &Image) -> Option<&'static str> {
    let known = |(_, names): &&(&str, &[&str])| names.iter().any(|name| glob::matches(name, image.name()));
    PRODUCTS.iter().find(known).map(|(product, _)| *product)
}

const PRODUCTS: &[(&str, &[&str])] = &[
    ("Kafka", &["kafka", "kafka-native", "cp-kafka", "cp-enterprise-kafka", "cp-server"]),
    ("ZooKeeper", &["zookeeper", "cp-zookeeper", "kubernetes-zookeeper"]),
    ("Cassandra", &["cassandra", "dse-server"]),
    ("Elasticsearch", &["elasticsearch", "elasticsearch-oss"]),
    ("OpenSearch", &["opensearch"]),
    (
        "PostgreSQL",
        &[
            "postgres",
            "postgresql",
            "postgresql-repmgr",
            "postgresql-ha",
            "postgis",
            "pgvector",
            "timescaledb",
            "timescaledb-ha",
            "spilo-*",
            "crunchy-postgres*",
        ],
    ),
    ("MySQL", &["mysql", "mysql-server", "percona", "percona-server", "percona-xtradb-cluster"]),
    ("MariaDB", &["mariadb", "mariadb-galera"]),
    (
        "MongoDB",
        &[
            "mongo",
            "mongodb",
            "mongodb-sharded",
            "mongodb-community-server",
            "mongodb-enterprise-server",
            "percona-server-mongodb",
        ],
    ),
    ("RabbitMQ", &["rabbitmq"]),
    ("Pulsar", &["pulsar", "pulsar-all"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_product_and_not_its_helpers() {
        let product = |text| product(&Image::parse(text).expect(text));
        assert_eq!(product("quay.io/strimzi/kafka:0.45.0-kafka-3.9.0"), Some("Kafka"));
        assert_eq!(product("reg.example:5000/db/postgresql"), Some("PostgreSQL"));
        assert_eq!(product("ghcr.io/zalando/spilo-17:4.0"), Some("PostgreSQL"));
        assert_eq!(product("danielqsj/kafka-exporter"), None);
        assert_eq!(product("mysqld-exporter"), None);
        assert_eq!(product("postgres/web"), None);
    }
}
